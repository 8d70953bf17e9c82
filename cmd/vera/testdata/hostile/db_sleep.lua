-- expect: 504
--- A statement that never ends.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    require("db").one("SELECT pg_sleep(60)")
  end,
}
