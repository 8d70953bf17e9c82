-- expect: 500
-- log: overflow|nested|too deep
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
