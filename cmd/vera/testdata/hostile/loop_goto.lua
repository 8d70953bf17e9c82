-- expect: 504
--- A loop that is none by its looks.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    ::again::
    goto again
  end,
}
