local db = require("db")
local json = require("json")

return {
  description = "Test",
  fields = {},
  run = function()
    db:one("SELECT 1")
    json:encode({})
    return db.transaction(function(tx)
      tx.exec("SELECT 1")
      return { status_code = 200 }
    end)
  end,
}
