-- expect: 504
--- A transaction that waits, in pcall.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.2,
  run = function()
    local db = require("db")
    while true do
      pcall(db.transaction, function(tx)
        pcall(tx.one, tx, "SELECT pg_sleep(60)")
        pcall(tx.one, tx, "SELECT pg_sleep(60)")
      end)
    end
  end,
}
