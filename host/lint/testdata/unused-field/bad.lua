local helper = require("lib.good_helper")

return {
  description = "Test",
  fields = {
    email = { type = "string", description = "x" },
    address = {
      type = "object", description = "x", optional = true,
      fields = { zip = { type = "string", description = "x" }, city = { type = "string", description = "x" } },
    },
    phone = { type = "string", description = "x" },
    items = {
      type = "array", description = "x", default = {},
      items = { type = "object", description = "x", fields = { price = { type = "number", description = "x" } } },
    },
    nick = { type = "string", description = "x", optional = true },
    anything = { type = "object", description = "x" },
  },
  run = function(fields)
    local price = 0
    for i, item in ipairs(fields.items) do
      price = price + i + #item
    end
    helper.normalize(fields)
    return { status_code = 200, fields = { price, fields.address.zip } }
  end,
}
