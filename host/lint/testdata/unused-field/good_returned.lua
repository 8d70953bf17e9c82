return {
  description = "Test",
  fields = {
    email = { type = "string", description = "x" },
    address = {
      type = "object", description = "x", optional = true,
      fields = { zip = { type = "string", description = "x" }, city = { type = "string", description = "x" } },
    },
    items = {
      type = "array", description = "x", default = {},
      items = { type = "object", description = "x", fields = { price = { type = "number", description = "x" } } },
    },
    anything = { type = "object", description = "x" },
  },
  run = function(fields)
    return { status_code = 200, fields = fields }
  end,
}
