--- Goes on with a session: a refresh token, used once, gives a new token and the next refresh token.

local audit = require("lib.audit")
local db = require("db")
local env = require("env")
local refreshing = require("lib.refreshing")
local sessions = require("lib.sessions")
local tokens = require("lib.tokens")

if not env.boolean("REFRESH_TOKENS") then
  return false -- not served
end

local INVALID = { status_code = 401, message = "Invalid refresh token" }

---@type Action
return {
  description = "Exchanges a refresh token for a new JWT token and the next refresh token",
  fields = {
    refresh_token = { type = "string", description = "The refresh token", secret = true },
  },
  run = function(fields, context)
    local id = refreshing.owner(fields.refresh_token)
    if not id then
      return INVALID
    end
    return db.transaction(function(tx)
      local user = sessions.lock_user(tx, id)
      if not user.live then
        audit.refused(tx, context, "refresh", id, "unknown_user")
        return { status_code = 404, message = "User not found" }
      end
      local following, why = refreshing.use(tx, fields.refresh_token)
      if not following then
        audit.refused(tx, context, why == "reused" and "revoke" or "refresh", id, why)
        return INVALID
      end
      audit.done(tx, context, "refresh", id)
      local answer = tokens.issue(user, nil, nil, following.family)
      return { status_code = 200, fields = refreshing.add(answer, following) }
    end)
  end,
}
