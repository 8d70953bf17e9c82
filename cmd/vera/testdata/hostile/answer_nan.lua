-- expect: 500
-- log: NaN is not a JSON number
--- Not a number.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { 0 / 0 } }
  end,
}
