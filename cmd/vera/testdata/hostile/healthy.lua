--- The action beside the hostile ones: its answer shows whether anything that
--- runs share has been changed.

local json = require("json")
local shared = require("lib.shared")

return {
  description = "Healthy",
  fields = { name = { type = "string", description = "Who asks" } },
  run = function(fields)
    local sealed = not pcall(rawset, string, "leaked", 1) and type(getmetatable("")) ~= "table"
    return {
      status_code = 200,
      fields = {
        name = fields.name:upper():rep(2):gsub("X", "y"):format(),
        leaked = leaked ~= nil or string.leaked ~= nil or json.leaked ~= nil or shared.leaked ~= nil,
        shared = shared.answer() .. ": " .. table.concat(shared.list, ","),
        null = json.null,
        array = json.array({}),
        text = json.encode({ json.null, json.array() }),
        sealed = sealed,
      },
    }
  end,
}
