-- expect: 500 within 100ms
-- log: returns nothing
--- A module that returns nothing.

return {
  description = "Hostile",
  fields = {},
  run = function()
    require("lib.nothing")
  end,
}
