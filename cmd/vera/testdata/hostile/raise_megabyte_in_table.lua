-- expect: 500 within 200ms
-- log: a table was raised
--- The same, within a table.

return {
  description = "Hostile",
  fields = {},
  run = function()
    error({ message = ("x"):rep(1e6) })
  end,
}
