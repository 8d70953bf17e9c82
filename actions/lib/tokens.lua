--- Tokens of a session: how they are issued, and what is checked before one is believed.

local env = require("env")
local json = require("json")
local jwt = require("jwt")
local time = require("time")

local MAX_TTL = env.integer("JWT_MAX_TTL")
local DEFAULT_TTL = env.integer("JWT_DEFAULT_TTL")

-- Ids are int4 in the database.
local MAX_ID = 2147483647

local HEX4 = "%x%x%x%x"
local UUID = "^" .. HEX4 .. HEX4 .. ("%-" .. HEX4):rep(4) .. HEX4 .. HEX4 .. "$"

local PAST = "must be in the future"

local tokens = {}

--- The declared fields of a token's life, the same wherever a token is issued.
tokens.not_before = {
  type = "integer", coerce = true, optional = true,
  description = "Sets the JWT not before date in unix timestamp",
}
tokens.expires_at = {
  type = "integer", coerce = true, optional = true,
  description = "Sets the JWT expiration date in unix timestamp",
}

local function out_of_range(field, reason)
  return {
    status_code = 400,
    message = "Invalid input: " .. field .. ": " .. reason,
    fields = { errors = { { field = field, code = "range", message = reason } } },
  }
end

local function is_uuid(value)
  return type(value) == "string" and value:find(UUID) ~= nil
end

--- The answer to a life that no token can have, or nil if the one asked for is possible.
function tokens.refuse_life(not_before, expires_at)
  local now = time.now()
  local latest = now + MAX_TTL
  if not_before and expires_at and not_before >= expires_at then
    return { status_code = 400, message = "Not before date must be before expiration date" }
  end
  if not_before and (not_before < 0 or not_before >= latest) then
    return out_of_range("not_before", "must be a time in seconds, not too far ahead")
  end
  if expires_at and expires_at <= now then
    return out_of_range("expires_at", PAST)
  end
  if expires_at and expires_at > latest then
    return out_of_range("expires_at", "must not be so far ahead")
  end
  return nil
end

--- When a token ends for which that was asked, nil for one without end.
function tokens.life(not_before, expires_at)
  if expires_at or DEFAULT_TTL == 0 then
    return expires_at
  end
  local now = time.now()
  return math.min(math.max(now, not_before or 0) + DEFAULT_TTL, now + MAX_TTL)
end

--- Signs a token of the user and gives it as the fields of an answer, or nil and the answer that refuses: its end
--- may have come while the password was waiting to be hashed. session may be nil; see lib.sessions, also for the
--- private claims. A user's first epoch goes without saying, as in the tokens of the predecessor.
function tokens.issue(user, not_before, expires_at, session)
  local ends = tokens.life(not_before, expires_at)
  local signed, token = pcall(jwt.sign, {
    sub = string.format("%d", user.id), nbf = not_before, exp = ends,
    sep = user.session_epoch > 0 and user.session_epoch or nil, ses = session,
  })
  if not signed then
    if expires_at and expires_at <= time.now() then
      return nil, out_of_range("expires_at", PAST)
    end
    error(token, 0)
  end
  return {
    jwt = token,
    not_before = not_before or json.null,
    expires_at = ends or json.null,
  }
end

--- The claims of a good token, or nil and the answer that refuses it. Whether it was revoked, only the
--- database can tell: see lib.sessions.
function tokens.read(token)
  local claims, _, message = jwt.verify(token)
  if not claims then
    return nil, { status_code = 401, message = "Invalid token: " .. message }
  end
  if claims.ses and not is_uuid(claims.ses) then
    return nil, { status_code = 401, message = "Invalid token: not the id of a session" }
  end
  return claims
end

--- The id of the user that the claims speak of, or nil and the answer that refuses them.
function tokens.subject(claims)
  local sub = claims.sub
  if not claims.jti or claims.jti == "" or not sub then
    return nil, { status_code = 401, message = "Invalid token: missing required claims" }
  end
  local id = sub:find("^[1-9]%d?%d?%d?%d?%d?%d?%d?%d?%d?$") and tonumber(sub)
  if not id or id > MAX_ID then
    return nil, { status_code = 401, message = "Invalid token: not the id of a user" }
  end
  return id
end

return tokens
