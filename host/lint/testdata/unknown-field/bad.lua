local function domain(input)
  return input.email:match("@(.*)$") or input.maill
end

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
  run = function(fields, context)
    local email = domain(fields) .. fields.emial
    local address, sum = fields.address or {}, 0
    for _, item in ipairs(fields.items) do
      sum = sum + item.prise + item.count
    end
    return { status_code = 200, fields = { email, address.zip_code, address.city, sum, context.id, fields.anything.x } }
  end,
}
