-- expect: 500
-- log: the result is too long: more than 16777216 bytes, the limit is 16777216 .fixed.
--- Rows of a megabyte.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    require("db").query("SELECT repeat('x', 1000000) AS x FROM generate_series(1, 4000)")
  end,
}
