local status = require("lib.status")

local OK = 200

return {
  description = "Test",
  fields = { a = { type = "boolean", description = "x" } },
  run = function(fields)
    local code = fields.a and OK or 404
    local row = status.row()
    local result = { upstream = 7 }
    if not fields.a then
      result = { status_code = 404, fields = { status_code = 999, row = row.status_code } }
      return result
    end
    local answer = {}
    answer.status_code = code
    return answer
  end,
}
