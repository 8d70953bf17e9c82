-- expect: 200
-- fields: true
--- A setting of the session, which other runs will use: see db_session_second.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local db = require("db")
    for _ = 1, 10 do
      pcall(db.exec, "SET statement_timeout = 1234567")
    end
    return { status_code = 200, fields = true }
  end,
}
