-- expect: 500
-- log: the result is too long: 600000.. bytes in one row, the limit is 16777216 .fixed.
--- One value of sixty megabytes.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local row = require("db").one("SELECT repeat('x', 60000000) AS x")
    return { status_code = 200, fields = #row.x }
  end,
}
