--- Tells whose token it is.

local db = require("db")
local tokens = require("lib.tokens")

local FIND = [[
  SELECT id, username, floor(extract(epoch FROM created_at))::int8 AS created_at,
    floor(extract(epoch FROM updated_at))::int8 AS updated_at
  FROM users WHERE id = $1 AND deleted_at IS NULL
]]
local REVOKED = "SELECT 1 AS revoked FROM revocations WHERE jti = $1"

---@type Action
return {
  description = "Authenticates the provided JWT token and returns user details",
  fields = {
    jwt = { type = "string", description = "The JWT token to authenticate", secret = true },
  },
  run = function(fields)
    local claims, refusal = tokens.read(fields.jwt)
    if not claims then
      return refusal
    end
    local id
    id, refusal = tokens.subject(claims)
    if not id then
      return refusal
    end
    if db.one(REVOKED, claims.jti) then
      return { status_code = 401, message = "Token has been revoked" }
    end
    local user = db.one(FIND, id)
    if not user then
      return { status_code = 404, message = "User not found" }
    end
    return { status_code = 200, fields = { user = user, claims = claims } }
  end,
}
