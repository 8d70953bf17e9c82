--- Refresh tokens. Each is good for one use and gives the next of its family. The database holds hashes only.
---
--- The next token is made out of the one that is used and a key beside its hash. A client whose answer was lost asks
--- again and gets the same one, so a family never has two tokens that are both good. Whoever brings a token that was
--- used longer than GRACE ago, or whose next one was used, is not alone with it, and the family ends.

local crypto = require("crypto")
local db = require("db")
local env = require("env")
local uuid = require("uuid")

local TTL = env.integer("REFRESH_TTL")
local GRACE = 10 -- seconds

local INSERT = [[
  INSERT INTO refresh_tokens (hash, family, user_id, next_key, expires_at)
  VALUES ($1, $2, $3, $4, now() + make_interval(secs => greatest($5::float8, $6::float8 - extract(epoch FROM now()))))
  RETURNING family, floor(extract(epoch FROM expires_at))::int8 AS expires_at
]]
local OWNER = "SELECT user_id FROM refresh_tokens WHERE hash = $1 AND expires_at > now()"
local FIND = [[
  SELECT family, user_id, next_key, used_at IS NOT NULL AS used,
    used_at < now() - make_interval(secs => $2::float8) AS reused
  FROM refresh_tokens WHERE hash = $1 AND expires_at > now()
]]
local NEXT = [[
  SELECT floor(extract(epoch FROM expires_at))::int8 AS expires_at FROM refresh_tokens
  WHERE hash = $1 AND used_at IS NULL AND expires_at > now()
]]
local USE = "UPDATE refresh_tokens SET used_at = now() WHERE hash = $1"
local FINISH = "DELETE FROM refresh_tokens WHERE family = $1"
local FINISH_ALL = "DELETE FROM refresh_tokens WHERE user_id = $1 AND family IS DISTINCT FROM $2::uuid"

local refreshing = {}

--- Bytes as PostgreSQL reads them.
local function bytea(bytes)
  return "\\x" .. crypto.hex.encode(bytes)
end

local function hash(token)
  return bytea(crypto.sha256(token))
end

local function insert(tx, token, family, user_id, expires_at)
  local row = tx:one(INSERT, hash(token), family, user_id, bytea(crypto.random(32)), TTL, expires_at or 0)
  return { token = token, family = row.family, expires_at = row.expires_at }
end

--- Begins a family. It lives at least as long as the access token that ends at expires_at.
function refreshing.begin(tx, user_id, expires_at)
  return insert(tx, crypto.base64url.encode(crypto.random(32)), uuid.v4(), user_id, expires_at)
end

--- The id of the user to whom a token was given, or nil if it is none of ours, or has ended.
function refreshing.owner(token)
  local row = db.one(OWNER, hash(token))
  return row and row.user_id
end

--- Uses a token, under the lock on its user's row, and gives the next one. Nil and why if that cannot be: "ended", or
--- "reused" by somebody who should not have it, and then the family ends.
function refreshing.use(tx, token)
  local row = tx:one(FIND, hash(token), GRACE)
  if not row then
    return nil, "ended"
  end
  local following = crypto.base64url.encode(crypto.hmac_sha256(row.next_key, token))
  if row.used then
    local again = not row.reused and tx:one(NEXT, hash(following))
    if not again then
      refreshing.finish(tx, row.family)
      return nil, "reused"
    end
    return { token = following, family = row.family, expires_at = again.expires_at }
  end
  tx:exec(USE, hash(token))
  return insert(tx, following, row.family, row.user_id)
end

--- Ends a family, and with it the access tokens that carry its id.
function refreshing.finish(tx, family)
  tx:exec(FINISH, family)
end

--- Ends all families of a user, but the one to be kept, if there is one.
function refreshing.finish_all(tx, user_id, kept)
  tx:exec(FINISH_ALL, user_id, kept)
end

--- Adds a refresh token to the fields of an answer.
function refreshing.add(fields, refresh)
  fields.refresh_token = refresh.token
  fields.refresh_expires_at = refresh.expires_at
  return fields
end

return refreshing
