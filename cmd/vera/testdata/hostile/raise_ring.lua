-- expect: 500 within 100ms
-- log: a table was raised
--- An error that contains itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    t.message = t
    error(t)
  end,
}
