-- expect: 500
-- log: a function is not a JSON value
--- A function.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { f = error } }
  end,
}
