-- expect: 500
-- log: run must return a table
--- A null.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return require("json").null
  end,
}
