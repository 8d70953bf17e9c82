--- Opens a session with a password. Who is unknown costs as much time as who is known.

local audit = require("lib.audit")
local crypto = require("crypto")
local db = require("db")
local env = require("env")
local identity = require("lib.identity")
local password = require("password")
local sessions = require("lib.sessions")
local throttle = require("lib.throttle")
local tokens = require("lib.tokens")

local HIDE = env.boolean("HIDE_USER_EXISTENCE")
local SOURCES = env.boolean("LOGIN_SOURCE")

-- Names and passwords longer than any that can exist are refused before any work.
local LONGEST = 1024

local USER = "SELECT id, password_digest, session_epoch FROM users WHERE deleted_at IS NULL AND "
local FIND = {
  username = USER .. "username_key = $1",
  email = USER .. "email = $1",
  phone_number = USER .. "phone_number = $1",
}
local REHASH = "UPDATE users SET password_digest = $3 WHERE id = $1 AND password_digest = $2"

--- Which identifier is given; nil and the answer unless it is exactly one.
local function identifier(fields)
  local found
  for name in pairs(FIND) do
    if fields[name] and found then
      return nil, {
        status_code = 400,
        message = "Only one identifier (username, email, or phone_number) can be provided",
      }
    end
    found = fields[name] and name or found
  end
  if not found then
    return nil, {
      status_code = 400,
      message = "Exactly one identifier (username, email, or phone_number) must be provided",
    }
  end
  return found
end

local function refuse(user)
  if HIDE then
    return { status_code = 401, message = "Invalid credentials" }
  end
  if not user then
    return { status_code = 404, message = "User not found" }
  end
  return { status_code = 401, message = "Invalid password" }
end

--- A new digest for one that is not like new ones. Nil if that cannot be now: the next login may do it. The blocklist
--- may have come to hold the password, or too many may be waiting to be hashed.
local function rehash(user, text)
  if not password.needs_rehash(user.password_digest) then
    return nil
  end
  local done, digest = pcall(password.hash, text)
  return done and digest or nil
end

---@class actions.Login.Fields
---@field username_key? string what usernames are compared by; identity.canonicalize sets it
---@field source? string declared with LOGIN_SOURCE

---@type actions.Login
return {
  description = "Generates a JWT token for an existing user",
  fields = {
    username = { type = "string", description = "The username", optional = true, max_length = LONGEST },
    email = {
      type = "string", description = "The email address", optional = true, format = "email",
    },
    phone_number = {
      type = "string", optional = true,
      description = "The phone number in any format (will be converted to E.164)",
    },
    password = { type = "string", description = "The password", secret = true, max_length = LONGEST },
    not_before = {
      type = "integer", coerce = true, optional = true,
      description = "The JWT not before date in unix timestamp",
    },
    expires_at = {
      type = "integer", coerce = true, optional = true,
      description = "The JWT expiration date in unix timestamp",
    },
    source = SOURCES and {
      type = "string", optional = true, pattern = "[!-~]{1,255}",
      description = "Where the attempt comes from, such as the caller's client's address",
    } or nil,
  },
  run = function(fields, context)
    local by, refusal = identifier(fields)
    refusal = refusal or tokens.refuse_life(fields.not_before, fields.expires_at)
    if refusal then
      return refusal
    end
    refusal = identity.canonicalize(fields)
    if refusal and by ~= "username" then
      return refusal
    end
    password.admit() -- where many log in at once, most are refused before they cost anything
    -- A username that cannot exist is an unknown one.
    local name = by == "username" and (fields.username_key or fields.username) or fields[by]

    local user = not refusal and db.one(FIND[by], name) or nil
    local account = user and "user:" .. user.id or by .. ":" .. crypto.hex.encode(crypto.sha256(name))
    local tries, seconds, first = throttle.take(account, user and user.id, fields.source)
    if not tries then
      if first then
        audit.refused(nil, context, "login", user and user.id, "throttled", fields.source)
      end
      return throttle.refusal(seconds)
    end
    if not throttle.verify(tries, fields.password, user and user.password_digest) then
      audit.refused(nil, context, "login", user and user.id, user and "wrong_password" or "unknown_user", fields.source)
      return refuse(user)
    end
    local digest = rehash(user, fields.password)
    return db.transaction(function(tx)
      local now = sessions.lock_user(tx, user.id)
      if not now.live or now.session_epoch ~= user.session_epoch then
        audit.refused(tx, context, "login", user.id, "ended", fields.source)
        return refuse(now.live and now)
      end
      if digest then
        tx:exec(REHASH, user.id, user.password_digest, digest)
      end
      throttle.succeed(tx, tries, user.id, fields.source)
      audit.done(tx, context, "login", user.id, nil, fields.source)
      local begun, late = sessions.begin(tx, user, fields.not_before, fields.expires_at)
      if not begun then
        tx:rollback()
        return late
      end
      return { status_code = 200, fields = begun }
    end)
  end,
}
