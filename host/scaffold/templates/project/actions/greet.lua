--- Greets somebody.

---@type actions.Greet
return {
  description = "Greets somebody by name",
  fields = {
    name = { type = "string", description = "Who is greeted", max_length = 64 },
    times = { type = "integer", description = "How often", default = 1, minimum = 1, maximum = 10 },
  },
  run = function(fields)
    return { status_code = 200, fields = { greeting = ("Hello, " .. fields.name .. "! "):rep(fields.times) } }
  end,
}
