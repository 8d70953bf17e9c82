-- expect: 500
-- log: heap passed its limit|too large|body length
--- One value of two hundred megabytes.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local row = require("db").one("SELECT repeat('x', 200000000) AS x")
    return { status_code = 200, fields = #row.x }
  end,
}
