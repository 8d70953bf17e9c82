--- Changes the user that a token speaks of.

local db = require("db")
local env = require("env")
local identity = require("lib.identity")
local password = require("password")
local sessions = require("lib.sessions")

-- updated_at moves only if a value does.
local UPDATE = [[
  WITH wanted AS (
    SELECT id, coalesce($2, username) AS username, coalesce($3, username_key) AS username_key,
      coalesce($4, name) AS name, coalesce($5, email) AS email,
      coalesce($6, phone_number) AS phone_number, coalesce($7, password_digest) AS password_digest
    FROM users WHERE id = $1
  )
  UPDATE users u
  SET username = w.username, username_key = w.username_key, name = w.name, email = w.email,
    phone_number = w.phone_number, password_digest = w.password_digest, updated_at = now()
  FROM wanted w
  WHERE u.id = w.id
    AND (u.username, u.name, u.email, u.phone_number, u.password_digest)
      IS DISTINCT FROM (w.username, w.name, w.email, w.phone_number, w.password_digest)
]]

local TAKEN = {
  users_username_key = "Username already taken",
  users_email_key = "Email already registered",
  users_phone_number_key = "Phone number already registered",
}

---@type Action
return {
  description = "Updates user username and/or password using JWT authentication",
  fields = {
    jwt = {
      type = "string", optional = true, secret = true,
      description = "Optional JWT token to query the user. pass this or user_id,",
    },
    user_id = {
      type = "integer", coerce = true, optional = true,
      description = "Optional user ID to query the user. pass this or the jwt",
    },
    username = {
      type = "string", description = "The new username", optional = true,
      min_length = env.integer("MIN_USERNAME_LENGTH"), max_length = env.integer("MAX_USERNAME_LENGTH"),
    },
    name = {
      type = "string", description = "The new name", optional = true, min_length = 1, max_length = 255,
    },
    email = {
      type = "string", description = "The new email address", optional = true, format = "email",
    },
    phone_number = {
      type = "string", optional = true,
      description = "The new phone number in any format (will be converted to E.164)",
    },
    password = {
      type = "string", description = "The new password", optional = true, secret = true,
      min_length = env.integer("MIN_PASSWORD_LENGTH"), max_length = env.integer("MAX_PASSWORD_LENGTH"),
    },
  },
  run = function(fields)
    local refusal = identity.canonicalize(fields)
    if refusal then
      return refusal
    end
    if not fields.jwt and not fields.user_id then
      return { status_code = 400, message = "Either JWT or user_id must be provided" }
    end
    if not (fields.username or fields.name or fields.email or fields.phone_number or fields.password) then
      return {
        status_code = 400,
        message = "At least one field (username, name, email, phone_number, or password) must be provided",
      }
    end
    local claims, id
    claims, id, refusal = sessions.prove(fields.jwt)
    if not claims then
      return refusal
    end
    -- Hashing takes long, so it comes before the transaction, though the user may turn out to be gone.
    local digest, code, reason
    if fields.password then
      digest, code, reason = password.hash(fields.password)
      if not digest then
        return identity.invalid("password", code, reason)
      end
    end
    return db.transaction(function(tx)
      local user, refused = sessions.lock(tx, claims, id, fields.user_id)
      if not user then
        return refused
      end
      local _, conflict, constraint = tx:exec(UPDATE, id, fields.username, fields.username_key, fields.name,
        fields.email, fields.phone_number, digest)
      if conflict == "unique" then
        return { status_code = 409, message = TAKEN[constraint] or "User already exists" }
      end
      return { status_code = 200, message = "User updated successfully" }
    end)
  end,
}
