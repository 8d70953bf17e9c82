-- expect: 500
-- log: both positions and names
--- An array and an object in one.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { 1, a = 2 } }
  end,
}
