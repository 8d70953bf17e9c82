-- expect: 200 within 100ms
-- fields: [true,true,true,true,true]
--- The mark of arrays is one table for a whole VM.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local json = require("json")
    local array = json.array({ 1 })
    return {
      status_code = 200,
      fields = {
        type(getmetatable(array)) ~= "table",
        refused(setmetatable, array, nil),
        refused(setmetatable, array, {}),
        refused(json.array, string),
        refused(json.array, setmetatable({}, {})),
      },
    }
  end,
}
