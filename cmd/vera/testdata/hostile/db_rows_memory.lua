-- expect: 500
-- log: heap passed its limit
--- Rows of a megabyte.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    require("db").query("SELECT repeat('x', 1000000) AS x FROM generate_series(1, 4000)")
  end,
}
