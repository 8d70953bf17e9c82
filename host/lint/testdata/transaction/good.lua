local db = require("db")

return {
  description = "Test",
  fields = {},
  run = function()
    db.exec("SELECT 1")
    local later = {}
    local answer = db.transaction(function(tx)
      later[1] = function() return db.one("SELECT 1") end
      tx:exec("SELECT 1")
      return { status_code = 200 }
    end)
    later[1]()
    return answer
  end,
}
