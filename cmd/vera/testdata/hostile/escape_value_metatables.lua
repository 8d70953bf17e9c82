-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true]
--- Metatables for all numbers, functions, booleans and nil of a VM.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local evil = { __index = { leaked = 1 }, __call = function() end }
    return {
      status_code = 200,
      fields = {
        refused(setmetatable, 0, evil),
        refused(setmetatable, pcall, evil),
        refused(setmetatable, true, evil),
        refused(setmetatable, nil, evil),
        refused(function() return (0).leaked end),
        refused(function() return pcall.leaked end),
      },
    }
  end,
}
