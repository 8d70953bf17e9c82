--- Ends a session: its token is worth nothing from then on.

local db = require("db")
local tokens = require("lib.tokens")

-- Edit and Delete hold this lock while they act on a token; see lib.sessions.
local LOCK = "SELECT 1 AS locked FROM users WHERE id = $1 FOR UPDATE"
local REVOKE = "INSERT INTO revocations (jti, expires_at) VALUES ($1, to_timestamp($2))"

---@type Action
return {
  description = "Revokes the provided JWT token by adding it to the revocations table",
  fields = {
    jwt = { type = "string", description = "The JWT token to revoke", secret = true },
  },
  run = function(fields)
    local claims, refusal = tokens.read(fields.jwt)
    if not claims then
      return refusal
    end
    if not claims.jti or claims.jti == "" then
      return { status_code = 401, message = "Invalid token: missing JTI claim" }
    end
    return db.transaction(function(tx)
      local id = tokens.subject(claims)
      if id then
        tx:one(LOCK, id)
      end
      local _, conflict = tx:exec(REVOKE, claims.jti, claims.exp)
      if conflict == "unique" then
        return { status_code = 409, message = "Token has already been revoked" }
      end
      return { status_code = 200, message = "Token successfully revoked" }
    end)
  end,
}
