-- expect: 200
-- fields: [true,true,true,true,true,true]
--- Statements that are none.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local db = require("db")
    local results = {}
    for i, sql in ipairs({
      "", "SELECT 1; SELECT 2", "\0", "\255", ("x"):rep(1e6), "SELECT $1, $2, $3",
    }) do
      local ok, row = pcall(db.one, sql)
      results[i] = not ok or row == nil
    end
    return { status_code = 200, fields = results }
  end,
}
