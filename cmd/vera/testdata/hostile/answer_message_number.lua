-- expect: 500
-- log: message: must be a string
--- A message that is a number.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, message = 5 }
  end,
}
