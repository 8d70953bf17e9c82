-- expect: 500
-- log: run must return a table
--- No answer at all.

return {
  description = "Hostile",
  fields = {},
  run = function()

  end,
}
