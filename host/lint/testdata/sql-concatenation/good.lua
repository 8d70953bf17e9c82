local db = require("db")

local COUNT = "SELECT count(*) FROM users WHERE "

return {
  description = "Test",
  fields = {
    name = { type = "string", description = "x" },
    order = { type = "string", description = "x", enum = { "name", "age" } },
    limit = { type = "integer", description = "x" },
    table = { type = "string", description = "x", pattern = "[a-z]+" },
  },
  run = function(fields)
    local rows = db.query("SELECT * FROM " .. fields.table .. " WHERE name = $1 ORDER BY " .. fields.order
      .. " LIMIT " .. fields.limit, fields.name)
    return { status_code = 200, fields = { rows, db.one(COUNT .. "name = $1", "x" .. fields.name) } }
  end,
}
