-- expect: 500 within 200ms
-- log: xxx
--- An error of a megabyte.

return {
  description = "Hostile",
  fields = {},
  run = function()
    error(("x"):rep(1e6))
  end,
}
