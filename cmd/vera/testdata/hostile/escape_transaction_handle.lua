-- expect: 200 within 500ms
-- fields: [true,true,true,true,true,true,true,true]
--- The handle of a transaction, and what it leaves behind.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local db = require("db")
    local kept
    local results = db.transaction(function(tx)
      kept = tx
      return {
        type(getmetatable(tx)) ~= "table",
        refused(function() tx.one = error end),
        refused(setmetatable, tx, {}),
        refused(db.one, "SELECT 1"),
        refused(db.transaction, function() end),
        refused(tx.one, {}, "SELECT 1"),
      }
    end)
    results[7] = refused(kept.one, kept, "SELECT 1")
    results[8] = refused(kept.transaction, kept, function() end)
    return { status_code = 200, fields = results }
  end,
}
