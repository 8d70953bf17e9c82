--- The record of security events: one row each, see the table audit. What a caller typed never gets there.

local db = require("db")

local INSERT = [[
  INSERT INTO audit (event, outcome, reason, user_id, action, request_id, source)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
]]

local audit = {}

local function write(tx, context, source, event, outcome, reason, user_id)
  if tx then
    tx:exec(INSERT, event, outcome, reason, user_id, context.action, context.request_id, source)
  else
    db.exec(INSERT, event, outcome, reason, user_id, context.action, context.request_id, source)
  end
end

--- Notes in the transaction, nil outside of one, that an event took place; reason may tell more of it.
function audit.done(tx, context, event, user_id, reason, source)
  write(tx, context, source, event, "ok", reason, user_id)
end

--- Notes that one was refused, and why. user_id is nil where nobody is known.
function audit.refused(tx, context, event, user_id, reason, source)
  write(tx, context, source, event, "refused", reason, user_id)
end

return audit
