local db = require("db")

return {
  description = "Test",
  fields = {},
  run = function()
    db.one("SELECT 1")
    local object = { go = function(self) return self end }
    object:go()
    object.go(object)
    return db.transaction(function(tx)
      tx:exec("SELECT 1")
      tx.exec(tx, "SELECT 1")
      return { status_code = 200 }
    end)
  end,
}
