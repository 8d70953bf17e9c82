--- From a token to the live user it speaks of, inside the transaction that acts on it.

local tokens = require("lib.tokens")

local LOCK = [[
  SELECT id, username, name, email, phone_number, password_digest, deleted_at IS NULL AS live
  FROM users WHERE id = $1 FOR UPDATE
]]
local REVOKED = "SELECT 1 AS revoked FROM revocations WHERE jti = $1"

local sessions = {}

--- Reads the token that Edit and Delete ask for; a user id may stand beside it but proves nothing by itself.
--- Gives the claims and the id of their user, or nil, nil and the answer that refuses.
function sessions.prove(token)
  if not token then
    return nil, nil, { status_code = 401, message = "A user id is no proof of identity; provide the JWT" }
  end
  local claims, refusal = tokens.read(token)
  if not claims then
    return nil, nil, refusal
  end
  local id
  id, refusal = tokens.subject(claims)
  if not id then
    return nil, nil, refusal
  end
  return claims, id
end

--- The user's row, locked until the transaction ends, or nil and the answer that refuses. Logout takes the
--- same lock before it revokes, so a token is either revoked before this check or after the change.
function sessions.lock(tx, claims, id, user_id)
  local user = tx:one(LOCK, id)
  if tx:one(REVOKED, claims.jti) then
    return nil, { status_code = 401, message = "Token has been revoked" }
  end
  if user_id and user_id ~= id then
    return nil, { status_code = 401, message = "user id is not consistent between JWT and user_id" }
  end
  if not user or not user.live then
    return nil, { status_code = 404, message = "User not found" }
  end
  return user
end

return sessions
