--- What names a user: canonical forms of username, email and phone number, and the answers to bad ones.

local email = require("email")
local env = require("env")
local password = require("password")
local phone = require("phone")
local username = require("username")

local USERNAME = { least = env.integer("MIN_USERNAME_LENGTH"), most = env.integer("MAX_USERNAME_LENGTH") }
local PASSWORD = { least = env.integer("MIN_PASSWORD_LENGTH"), most = env.integer("MAX_PASSWORD_LENGTH") }

-- A character may be typed as so many that belong together.
local SPELLING = 4

local identity = {}

-- The longest that may be typed; what counts is the length of the canonical form.
identity.MAX_USERNAME_TYPED = SPELLING * USERNAME.most
identity.MAX_PASSWORD_TYPED = SPELLING * PASSWORD.most

--- The answer to faulty fields, each { field, code, message }, in the shape of the host's own; nil if there is none.
local function answer(faults)
  local parts = {}
  for i, fault in ipairs(faults) do
    parts[i] = fault.field .. ": " .. fault.message
  end
  return parts[1] and {
    status_code = 400,
    message = "Invalid input: " .. table.concat(parts, "; "),
    fields = { errors = faults },
  } or nil
end

--- The answer to one faulty field.
function identity.invalid(field, code, reason)
  return answer({ { field = field, code = code, message = reason } })
end

local function add(faults, field, code, reason)
  faults[#faults + 1] = { field = field, code = code, message = reason }
end

--- Adds the fault of a length that the policy does not allow, as the host words it.
local function bound(faults, field, length, policy)
  local function characters(n)
    return n == 1 and "1 character" or n .. " characters"
  end
  if length < policy.least then
    add(faults, field, "min_length", "must be at least " .. characters(policy.least))
  elseif length > policy.most then
    add(faults, field, "max_length", "must be at most " .. characters(policy.most))
  end
end

local function code_points(text)
  return select(2, text:gsub("[^\128-\191]", ""))
end

--- Replaces username and email by their canonical forms, as far as they are given, and adds username_key, by which
--- usernames are compared.
local function canonical_names(faults, fields)
  if fields.username then
    local key, code, reason = username.normalize(fields.username)
    if key then
      fields.username_key = key
    else
      add(faults, "username", code, reason)
    end
  end
  if fields.email then
    local address, code, reason = email.normalize(fields.email)
    if address then
      fields.email = address
    else
      add(faults, "email", code, reason)
    end
  end
end

--- Replaces the phone number by its canonical form. Gives the answer if it has none.
function identity.canonical_phone(fields)
  if not fields.phone_number then
    return nil
  end
  local number, _, reason = phone.normalize(fields.phone_number)
  if not number then
    return { status_code = 400, message = reason }
  end
  fields.phone_number = number
  return nil
end

--- Replaces what is given of a user's names by the canonical forms. Gives the answer if one has none, else nil.
function identity.canonicalize(fields)
  local faults = {}
  canonical_names(faults, fields)
  return answer(faults) or identity.canonical_phone(fields)
end

--- The same for names that a user is to get, and with his name and password: those must obey the policy, too.
function identity.refuse(fields)
  local faults = {}
  canonical_names(faults, fields)
  if fields.username_key then
    bound(faults, "username", code_points(fields.username_key), USERNAME)
  end
  if fields.name and fields.name:find("\0", 1, true) then
    add(faults, "name", "invalid", "must not hold the character NUL")
  end
  if fields.password then
    local length, code, reason = password.length(fields.password)
    if length then
      bound(faults, "password", length, PASSWORD)
    else
      add(faults, "password", code, reason)
    end
  end
  return answer(faults)
end

return identity
