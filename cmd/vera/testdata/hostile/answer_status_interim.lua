-- expect: 500
-- log: status_code
--- A status that promises another.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 100 }
  end,
}
