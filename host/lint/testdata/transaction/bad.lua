local db = require("db")

return {
  description = "Test",
  fields = {},
  run = function()
    return db.transaction(function(tx)
      db.exec("SELECT 1")
      return tx:transaction(function(inner)
        return { status_code = 200, fields = inner:one("SELECT 1") or db.one("SELECT 1") }
      end)
    end)
  end,
}
