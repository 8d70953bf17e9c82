-- expect: 504
--- A transaction that stays open.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.2,
  run = function()
    require("db").transaction(function(tx)
      tx:exec("CREATE TABLE IF NOT EXISTS hostile (n integer)")
      while true do
      end
    end)
  end,
}
