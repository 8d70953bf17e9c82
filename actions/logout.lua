--- Ends a session: its token is worth nothing from then on. With everywhere, ends all sessions of the user.

local audit = require("lib.audit")
local db = require("db")
local sessions = require("lib.sessions")
local tokens = require("lib.tokens")

---@type actions.Logout
return {
  description = "Revokes the provided JWT token by adding it to the revocations table",
  fields = {
    jwt = { type = "string", description = "The JWT token to revoke", secret = true },
    everywhere = {
      type = "boolean", coerce = true, default = false,
      description = "Whether all other sessions of the user end too",
    },
  },
  run = function(fields, context)
    local claims, refusal = tokens.read(fields.jwt)
    if not claims then
      return refusal
    end
    if not claims.jti or claims.jti == "" then
      return { status_code = 401, message = "Invalid token: missing JTI claim" }
    end
    -- A token that speaks of nobody can be revoked too, but has no other sessions.
    local id
    id, refusal = tokens.subject(claims)
    if not id and fields.everywhere then
      return refusal
    end
    local event = fields.everywhere and "logout_everywhere" or "logout"
    return db.transaction(function(tx)
      local refused, reason
      if id then
        -- Who is gone may still log out, as with the predecessor.
        refused, reason = select(2, sessions.lock(tx, claims, id))
      end
      if reason == "ended" then
        audit.refused(tx, context, event, id, reason)
        return refused
      end
      if reason == "revoked" or not sessions.finish(tx, claims) then
        audit.refused(tx, context, event, id, "revoked")
        return { status_code = 409, message = "Token has already been revoked" }
      end
      if fields.everywhere then
        sessions.finish_all(tx, id)
      end
      audit.done(tx, context, event, id)
      return { status_code = 200, message = "Token successfully revoked" }
    end)
  end,
}
