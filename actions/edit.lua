--- Changes the user that a token speaks of.

local audit = require("lib.audit")
local db = require("db")
local env = require("env")
local identity = require("lib.identity")
local password = require("password")
local sessions = require("lib.sessions")
local throttle = require("lib.throttle")

local ASK_PASSWORD = env.boolean("EDIT_REQUIRES_PASSWORD")

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

local CHANGEABLE = { "username", "name", "email", "phone_number", "password" }

local WRONG_PASSWORD = { status_code = 401, message = "Invalid password" }

local TAKEN = {
  users_username_key = "Username already taken",
  users_email_key = "Email already registered",
  users_phone_number_key = "Phone number already registered",
}

--- Which fields are to be changed, for the audit; nil if none is.
local function changes(fields)
  local given = {}
  for _, name in ipairs(CHANGEABLE) do
    if fields[name] then
      given[#given + 1] = name
    end
  end
  return given[1] and table.concat(given, ", ")
end

--- Checks the current password. Gives the digest that it matched and what to clear in the throttle, or nil and the
--- answer that refuses.
local function confirm(fields, context, claims, id)
  if not fields.current_password then
    return nil, identity.invalid("current_password", "required", "is required to change the email or the password")
  end
  local user, refusal, reason = sessions.look(claims, id, fields.user_id)
  if not user then
    audit.refused(nil, context, "edit", id, reason)
    return nil, refusal
  end
  local tries, seconds, first = throttle.take("user:" .. id)
  if not tries then
    if first then
      audit.refused(nil, context, "edit", id, "throttled")
    end
    return nil, throttle.refusal(seconds)
  end
  if not throttle.verify(tries, fields.current_password, user.password_digest) then
    audit.refused(nil, context, "edit", id, "wrong_password")
    return nil, WRONG_PASSWORD
  end
  return { digest = user.password_digest, tries = tries }
end

--- Makes the change. Gives the answer and, if it refuses, why.
local function change(tx, claims, id, fields, digest, confirmed)
  local user, refusal, reason = sessions.lock(tx, claims, id, fields.user_id)
  if not user then
    return refusal, reason
  end
  if confirmed and confirmed.digest ~= user.password_digest then
    return WRONG_PASSWORD, "wrong_password" -- it was changed a moment ago
  end
  local _, conflict, constraint = tx:exec(UPDATE, id, fields.username, fields.username_key, fields.name,
    fields.email, fields.phone_number, digest)
  if conflict == "unique" then
    return { status_code = 409, message = TAKEN[constraint] or "User already exists" }, "taken"
  end
  if digest then
    sessions.finish_all(tx, id, claims)
  end
  return { status_code = 200, message = "User updated successfully" }
end

---@class actions.Edit.Fields
---@field username_key? string what usernames are compared by; identity.canonicalize sets it

---@type actions.Edit
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
      type = "string", description = "The new username", optional = true, max_length = identity.MAX_USERNAME_TYPED,
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
      max_length = identity.MAX_PASSWORD_TYPED,
    },
    current_password = ASK_PASSWORD and {
      type = "string", optional = true, secret = true, max_length = 1024,
      description = "The current password, to change the email or the password",
    } or nil,
  },
  run = function(fields, context)
    local refusal = identity.refuse(fields) or identity.canonical_phone(fields)
    if refusal then
      return refusal
    end
    if not fields.jwt and not fields.user_id then
      return { status_code = 400, message = "Either JWT or user_id must be provided" }
    end
    local changed = changes(fields)
    if not changed then
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
    local confirmed, digest, code, reason
    if ASK_PASSWORD and (fields.email or fields.password) then
      confirmed, refusal = confirm(fields, context, claims, id)
      if not confirmed then
        return refusal
      end
    end
    if fields.password then
      digest, code, reason = password.hash(fields.password)
      if not digest then
        return identity.invalid("password", code, reason)
      end
    end
    return db.transaction(function(tx)
      local answer, why = change(tx, claims, id, fields, digest, confirmed)
      if why then
        audit.refused(tx, context, "edit", id, why)
      else
        audit.done(tx, context, "edit", id, changed)
        if confirmed then
          throttle.succeed(tx, confirmed.tries)
        end
      end
      return answer
    end)
  end,
}
