-- expect: 200
-- fields: [true,true,true,true]
--- Results of few bytes and many values, or of few bytes that become many.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local db = require("db")
    return {
      status_code = 200,
      fields = {
        not pcall(db.query, "SELECT FROM generate_series(1, 1000000)"),
        not pcall(db.query, "SELECT 1, 2, 3 FROM generate_series(1, 1000000)"),
        not pcall(db.one, "SELECT array(SELECT 1e131000 FROM generate_series(1, 50000))"),
        not pcall(db.query, "SELECT (SELECT json_agg(1) FROM generate_series(1, 150000)) FROM generate_series(1, 2)"),
      },
    }
  end,
}
