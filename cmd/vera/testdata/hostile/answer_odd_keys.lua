-- expect: 500
-- log: as a key
--- Keys that JSON lacks.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { [1.5] = 1 } }
  end,
}
