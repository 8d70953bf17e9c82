--- Deletes the user that a token speaks of. The row stays, and so do its names, unless RELEASE_DELETED frees them.

local audit = require("lib.audit")
local db = require("db")
local env = require("env")
local sessions = require("lib.sessions")

local RELEASE = env.boolean("RELEASE_DELETED")
local DELETE = [[
  UPDATE users SET deleted_at = now(), updated_at = now(), released = $2,
    session_epoch = session_epoch + 1, kept_session = NULL
  WHERE id = $1
]]

---@type actions.Delete
return {
  description = "Soft deletes a user by setting deleted_at timestamp using JWT or user_id authentication",
  fields = {
    jwt = {
      type = "string", optional = true, secret = true,
      description = "Optional JWT token to query the user. pass this or user_id",
    },
    user_id = {
      type = "integer", coerce = true, optional = true,
      description = "Optional user ID to query the user. pass this or the jwt",
    },
  },
  run = function(fields, context)
    if not fields.jwt and not fields.user_id then
      return { status_code = 400, message = "Either JWT or user_id must be provided" }
    end
    local claims, id, refusal = sessions.prove(fields.jwt)
    if not claims then
      return refusal
    end
    return db.transaction(function(tx)
      local user, refused, reason = sessions.lock(tx, claims, id, fields.user_id)
      if not user then
        audit.refused(tx, context, "delete", id, reason)
        return refused
      end
      tx:exec(DELETE, id, RELEASE)
      audit.done(tx, context, "delete", id)
      return { status_code = 200, message = "User deleted successfully" }
    end)
  end,
}
