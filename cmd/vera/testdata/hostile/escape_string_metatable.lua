-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true]
--- The one table that all strings of a VM share.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    return {
      status_code = 200,
      fields = {
        type(getmetatable("")) ~= "table",
        refused(function() getmetatable("").__index = {} end),
        refused(setmetatable, "", { __index = {} }),
        refused(rawset, getmetatable(""), "__index", {}),
        refused(function() ("").leaked = 1 end),
        ("x").leaked == nil,
      },
    }
  end,
}
