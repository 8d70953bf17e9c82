-- expect: 500
-- log: status_code
--- Not a number.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 0 / 0 }
  end,
}
