--- What names a user: canonical forms of username, email and phone number, and the answers to bad ones.

local email = require("email")
local phone = require("phone")
local username = require("username")

local identity = {}

--- The answer to one faulty field, in the shape of the host's own.
function identity.invalid(field, code, reason)
  return {
    status_code = 400,
    message = "Invalid input: " .. field .. ": " .. reason,
    fields = { errors = { { field = field, code = code, message = reason } } },
  }
end

--- Replaces what is given in fields by its canonical form and adds username_key, by which usernames are
--- compared. Gives the answer to the first that has none, else nil.
function identity.canonicalize(fields)
  if fields.username then
    local key, code, reason = username.normalize(fields.username)
    if not key then
      return identity.invalid("username", code, reason)
    end
    fields.username_key = key
  end
  if fields.email then
    local address, code, reason = email.normalize(fields.email)
    if not address then
      return identity.invalid("email", code, reason)
    end
    fields.email = address
  end
  if fields.phone_number then
    local number, _, reason = phone.normalize(fields.phone_number)
    if not number then
      return { status_code = 400, message = reason }
    end
    fields.phone_number = number
  end
  return nil
end

return identity
