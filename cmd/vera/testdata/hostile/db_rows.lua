-- expect: 504
--- Rows without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    require("db").query("SELECT n FROM generate_series(1, 1000000000) AS n")
  end,
}
