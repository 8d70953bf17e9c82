-- expect: 200
-- fields: true
--- What the transactions above have left.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = require("db").one("SELECT to_regclass('hostile') AS name").name == nil }
  end,
}
