-- expect: 500
-- log: stack overflow.*traceback.*db_transaction_recursion
--- Savepoints within savepoints.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local function nest(tx)
      return tx:transaction(nest)
    end
    require("db").transaction(nest)
  end,
}
