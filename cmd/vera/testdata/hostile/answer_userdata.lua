-- expect: 500
-- log: a userdata is not a JSON value
--- The handle of a transaction.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return require("db").transaction(function(tx)
      return { status_code = 200, fields = { tx } }
    end)
  end,
}
