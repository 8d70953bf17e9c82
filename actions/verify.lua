--- Tells other services whether a token is good, as RFC 7662 does: whatever is wrong with it, the answer is that it is
--- not active.

local env = require("env")
local json = require("json")
local sessions = require("lib.sessions")
local tokens = require("lib.tokens")

if not env.boolean("REFRESH_TOKENS") then
  return false -- not served
end

--- The claims of a token that is good, and its user; else nil.
local function holder(token)
  local claims = tokens.read(token)
  local id = claims and tokens.subject(claims)
  local user = id and sessions.look(claims, id)
  return user and claims, user
end

---@type Action
return {
  description = "Tells whether a JWT token is good, and whose it is",
  fields = {
    jwt = { type = "string", description = "The JWT token to verify", secret = true },
  },
  run = function(fields)
    local claims, user = holder(fields.jwt)
    if not claims then
      return { status_code = 200, fields = { active = false } }
    end
    return {
      status_code = 200,
      fields = {
        active = true, user_id = user.id, username = user.username or json.null,
        expires_at = claims.exp or json.null, claims = claims,
      },
    }
  end,
}
