local helper = require("lib.good_helper")

local SOURCE = false

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
    source = SOURCE and { type = "string", description = "x" } or nil,
    options = { type = "object", description = "x", optional = true, fields = {} },
    anything = { type = "object", description = "x" },
  },
  run = function(fields, context)
    helper.normalize(fields)
    fields.address = fields.address or { street = "x" }
    fields.added = 1
    for name, value in pairs(fields) do
      fields[name] = value
    end
    local anything, items = fields.anything, fields.items
    items[#items + 1] = { count = 1 }
    local options = fields.options or { deep = true }
    return {
      status_code = 200,
      fields = {
        fields.username_key, fields.address.street, fields.added, anything.a.b, items[1].count, fields.email:len(),
        fields.source, options.deep, context.action, context.request_id, context.version, context.deadline,
      },
    }
  end,
}
