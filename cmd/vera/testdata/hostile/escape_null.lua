-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true]
--- json.null is one value for all VMs.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local null = require("json").null
    return {
      status_code = 200,
      fields = {
        refused(function() null.leaked = 1 end),
        refused(function() return null.leaked end),
        refused(setmetatable, null, {}),
        refused(rawset, null, "leaked", 1),
        refused(function() return null() end),
        type(getmetatable(null)) ~= "table",
        tostring(null) == "null",
      },
    }
  end,
}
