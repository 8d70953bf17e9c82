-- expect: 500 within 200ms
-- log: there is no
--- A module whose name is a megabyte.

return {
  description = "Hostile",
  fields = {},
  run = function()
    require("lib." .. ("\255"):rep(1e6 - 4))
  end,
}
