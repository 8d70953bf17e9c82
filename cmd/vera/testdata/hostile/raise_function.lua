-- expect: 500 within 100ms
-- log: function
--- An error that is a function.

return {
  description = "Hostile",
  fields = {},
  run = function()
    error(function() end)
  end,
}
