-- expect: 500
-- log: message: is not UTF-8
--- A message that is no text.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, message = "\255" }
  end,
}
