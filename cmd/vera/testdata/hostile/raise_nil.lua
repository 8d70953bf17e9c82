-- expect: 500 within 100ms
-- log: action failed
--- An error that is nothing.

return {
  description = "Hostile",
  fields = {},
  run = function()
    error()
  end,
}
