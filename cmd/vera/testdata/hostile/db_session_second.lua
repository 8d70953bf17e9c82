-- expect: 200
-- fields: "0"
--- Whether the setting of db_session_first is still there.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    return { status_code = 200, fields = require("db").one("SHOW statement_timeout").statement_timeout }
  end,
}
