local db = require("db")

return {
  description = "Test",
  fields = {
    name = { type = "string", description = "x" },
    order = { type = "string", description = "x", enum = { "name", "age" } },
    limit = { type = "integer", description = "x" },
    table = { type = "string", description = "x", pattern = "[a-z]+" },
  },
  run = function(fields)
    local name = fields.name
    local rows = db.query("SELECT * FROM users WHERE name = '" .. name .. "'")
    return db.transaction(function(tx)
      tx:exec("DELETE FROM users WHERE name = " .. fields.name .. " LIMIT " .. fields.limit)
      return { status_code = 200, fields = { rows, fields.order, fields.table } }
    end)
  end,
}
