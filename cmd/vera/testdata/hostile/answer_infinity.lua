-- expect: 500
-- log: fields: .1..deep: .Inf is not a JSON number
--- More than any number, and less.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { { deep = math.huge }, -math.huge } }
  end,
}
