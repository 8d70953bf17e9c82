-- expect: 500
-- log: status_code
--- More than an integer holds.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 1e300 }
  end,
}
