--- Opens an account. Username, email and phone number each belong to one account: the second try gets 409.

local audit = require("lib.audit")
local db = require("db")
local env = require("env")
local identity = require("lib.identity")
local password = require("password")
local sessions = require("lib.sessions")
local tokens = require("lib.tokens")

local REQUIRED = "," .. env.string("REGISTER_REQUIRED"):gsub("%s", "") .. ","

local INSERT = [[
  INSERT INTO users (username, username_key, name, email, phone_number, password_digest)
  VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, session_epoch
]]

local function optional(field)
  return not REQUIRED:find("," .. field .. ",", 1, true)
end

---@class actions.Register.Fields
---@field username_key? string what usernames are compared by; identity.canonicalize sets it

---@type actions.Register
return {
  description = "Creates a new user and returns the associated jwt token",
  fields = {
    username = {
      type = "string", description = "The username", optional = optional("username"),
      max_length = identity.MAX_USERNAME_TYPED,
    },
    name = { type = "string", description = "The user's full name", min_length = 1, max_length = 255 },
    email = {
      type = "string", description = "The user's email address", optional = optional("email"),
      format = "email",
    },
    phone_number = {
      type = "string", optional = optional("phone_number"),
      description = "The user's phone number in any format (will be converted to E.164)",
    },
    password = {
      type = "string", description = "The password", secret = true, max_length = identity.MAX_PASSWORD_TYPED,
    },
    not_before = tokens.not_before,
    expires_at = tokens.expires_at,
  },
  run = function(fields, context)
    local refusal = identity.refuse(fields)
    if refusal then
      return refusal
    end
    if not fields.username and not fields.email then
      return { status_code = 400, message = "At least one of username or email must be provided" }
    end
    refusal = tokens.refuse_life(fields.not_before, fields.expires_at) or identity.canonical_phone(fields)
    if refusal then
      return refusal
    end
    local digest, code, reason = password.hash(fields.password)
    if not digest then
      return identity.invalid("password", code, reason)
    end
    return db.transaction(function(tx)
      local user, conflict = tx:one(INSERT, fields.username, fields.username_key, fields.name,
        fields.email, fields.phone_number, digest)
      if conflict == "unique" then
        audit.refused(tx, context, "register", nil, "taken")
        return { status_code = 409, message = "User already exists" }
      end
      audit.done(tx, context, "register", user.id)
      local begun, late = sessions.begin(tx, user, fields.not_before, fields.expires_at)
      if not begun then
        tx:rollback()
        return late
      end
      return { status_code = 201, fields = begun }
    end)
  end,
}
