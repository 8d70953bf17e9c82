-- expect: 504
--- A module that never returns.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    require("lib.endless")
  end,
}
