local db = require("db")
local status = require("lib.status")

local NEVER, TEAPOT = 1000, 418
local REFUSALS = { old = { status_code = 299 } }

local function refuse(why)
  return why and status.refusal(why) or nil
end

return {
  description = "Test",
  fields = {a = { type = "boolean", description = "x" }, b = { type = "boolean", description = "x" }, c = { type = "boolean", description = "x" }, d = { type = "boolean", description = "x" }, e = { type = "boolean", description = "x" }, f = { type = "boolean", description = "x" }, g = { type = "boolean", description = "x" }},
  run = function(fields)
    if fields.a then
      return { status_code = 600, message = "no" }
    end
    if fields.b then
      return { status_code = fields.a and 200 or 99 }
    end
    if fields.c then
      return { status_code = "200" }
    end
    if fields.d then
      return { message = "no code" }
    end
    local refusal = refuse(fields.e)
    if refusal then
      return refusal
    end
    if fields.f then
      return REFUSALS.old
    end
    local answer = { message = "x" }
    answer.status_code = 299
    if fields.g then
      return answer
    end
    return db.transaction(function()
      return { status_code = TEAPOT + 0, fields = { status_code = 1 } }, { status_code = 1 }
    end) or { status_code = NEVER }
  end,
}
