-- expect: 500
-- log: not UTF-8
--- Text that is none.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { a = "\255" } }
  end,
}
