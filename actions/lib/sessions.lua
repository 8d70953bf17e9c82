--- Sessions: who holds a token, whether it still counts, and what ends it. A session is one token or, with
--- REFRESH_TOKENS, the tokens of one family of refresh tokens, whose id they carry as ses.
---
--- Whatever changes a user or ends a session holds the lock on the user's row while it does, so a token is either
--- ended before a change checks it or after the change.

local db = require("db")
local env = require("env")
local refreshing = require("lib.refreshing")
local tokens = require("lib.tokens")

local REFRESH = env.boolean("REFRESH_TOKENS")

-- Only after the lock is held may a statement ask what others did, as it sees the database as of its own beginning.
local LOCK = [[
  SELECT id, username, password_digest, session_epoch, kept_session, deleted_at IS NULL AS live
  FROM users WHERE id = $1 FOR UPDATE
]]
-- A family without rows was logged out, or has ended by itself.
local REVOKED = [[
  SELECT EXISTS (SELECT FROM revocations WHERE jti = $1::uuid)
    OR $2::uuid IS NOT NULL
      AND NOT EXISTS (SELECT FROM refresh_tokens WHERE family = $2::uuid AND expires_at > now()) AS revoked
]]
local LOOK = [[
  SELECT u.id, u.username, u.password_digest, u.session_epoch, u.kept_session, r.revoked,
    u.id IS NOT NULL AND u.deleted_at IS NULL AS live,
    floor(extract(epoch FROM u.created_at))::int8 AS created_at,
    floor(extract(epoch FROM u.updated_at))::int8 AS updated_at
  FROM (]] .. REVOKED .. [[) r LEFT JOIN users u ON u.id = $3
]]
local NEXT_EPOCH = "UPDATE users SET session_epoch = session_epoch + 1, kept_session = $2 WHERE id = $1"

local sessions = {}

local REFUSALS = {
  revoked = { status_code = 401, message = "Token has been revoked" },
  ended = { status_code = 401, message = "Token has been revoked" }, -- by what ended all other sessions
  other_user = { status_code = 401, message = "user id is not consistent between JWT and user_id" },
  unknown_user = { status_code = 404, message = "User not found" },
}

--- The session that the claims belong to.
local function session_of(claims)
  return claims.ses or claims.jti:lower()
end

--- Why the claims do not count: a key of REFUSALS and its answer, or nil if they do.
local function objection(user, revoked, claims, user_id, id)
  local reason
  if revoked then
    reason = "revoked"
  elseif user_id and user_id ~= id then
    reason = "other_user"
  elseif not user or not user.live then
    reason = "unknown_user"
  elseif (claims.sep or 0) ~= user.session_epoch and session_of(claims) ~= user.kept_session then
    reason = "ended"
  end
  return reason, REFUSALS[reason]
end

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

--- The user as he is at this moment, or nil, the answer that refuses and the reason. user_id may be nil.
function sessions.look(claims, id, user_id)
  local user = db.one(LOOK, claims.jti, claims.ses, id)
  local reason, refusal = objection(user, user.revoked, claims, user_id, id)
  if reason then
    return nil, refusal, reason
  end
  return user
end

--- The same, with the user's row locked until the transaction ends.
function sessions.lock(tx, claims, id, user_id)
  local user = tx:one(LOCK, id)
  local revoked = tx:one(REVOKED, claims.jti, claims.ses).revoked
  local reason, refusal = objection(user, revoked, claims, user_id, id)
  if reason then
    return nil, refusal, reason
  end
  return user
end

--- The user's row, live or not, locked until the transaction ends; for who has no token yet.
function sessions.lock_user(tx, id)
  return tx:one(LOCK, id)
end

--- Begins a session of the user and gives the fields of the answer, or nil and the answer that refuses; see
--- tokens.issue.
function sessions.begin(tx, user, not_before, expires_at)
  if not REFRESH then
    return tokens.issue(user, not_before, expires_at)
  end
  local first = refreshing.begin(tx, user.id, tokens.life(not_before, expires_at))
  local answer, refusal = tokens.issue(user, not_before, expires_at, first.family)
  if not answer then
    return nil, refusal
  end
  return refreshing.add(answer, first)
end

--- Ends the session that the claims belong to. False if it had ended before.
function sessions.finish(tx, claims)
  local _, conflict = tx:exec("INSERT INTO revocations (jti, expires_at) VALUES ($1, to_timestamp($2))",
    claims.jti, claims.exp)
  if claims.ses then
    refreshing.finish(tx, claims.ses)
  end
  return conflict ~= "unique"
end

--- Ends all sessions of the user whose row is locked, but the one that the claims belong to, if they are given.
function sessions.finish_all(tx, id, claims)
  tx:exec(NEXT_EPOCH, id, claims and session_of(claims))
  refreshing.finish_all(tx, id, claims and claims.ses)
end

return sessions
