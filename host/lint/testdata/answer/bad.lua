return {
  description = "Test",
  fields = {a = { type = "boolean", description = "x" }, b = { type = "boolean", description = "x" }, c = { type = "boolean", description = "x" }, d = { type = "boolean", description = "x" }, e = { type = "boolean", description = "x" }},
  run = function(fields)
    if fields.a then
      return { stauts_code = 200, mesage = "x" }
    end
    if fields.b then
      return 200, { 1 }
    end
    if fields.c then
      return "ok"
    end
    if fields.d then
      return
    end
    if fields.e then
      return { 200, "x" }
    end
    local answer = { status_code = 200, body = "x" }
    answer.feilds = {}
    return answer
  end,
}
