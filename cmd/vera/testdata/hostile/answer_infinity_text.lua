-- expect: 500
-- log: fields: -Inf is not a JSON number
--- A number that a text becomes, below all others.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = tonumber("-1e999") }
  end,
}
