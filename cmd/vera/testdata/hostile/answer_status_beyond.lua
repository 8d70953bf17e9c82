-- expect: 500
-- log: status_code
--- A status beyond HTTP.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 600 }
  end,
}
