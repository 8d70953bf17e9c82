-- expect: 500
-- log: status_code
--- A status and a half.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200.5 }
  end,
}
