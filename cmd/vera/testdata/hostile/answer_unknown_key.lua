-- expect: 500
-- log: unknown key
--- A key that is a typo.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, filds = {} }
  end,
}
