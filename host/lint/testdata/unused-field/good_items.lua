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
    local sum = 0
    for _, item in ipairs(fields.items) do
      sum = sum + item.price
    end
    local address = fields.address
    local function show(a) return a.zip .. a.city end
    return { status_code = 200, fields = { sum, show(address), fields.email, require("json").encode(fields.anything) } }
  end,
}
