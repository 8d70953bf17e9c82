--- Tells whose token it is.

local sessions = require("lib.sessions")
local tokens = require("lib.tokens")

---@type actions.Show
return {
  description = "Authenticates the provided JWT token and returns user details",
  fields = {
    jwt = { type = "string", description = "The JWT token to authenticate", secret = true },
  },
  run = function(fields)
    local claims, refusal = tokens.read(fields.jwt)
    if not claims then
      return refusal
    end
    local id
    id, refusal = tokens.subject(claims)
    if not id then
      return refusal
    end
    local user
    user, refusal = sessions.look(claims, id)
    if not user then
      return refusal
    end
    return {
      status_code = 200,
      fields = {
        user = {
          id = user.id, username = user.username, created_at = user.created_at, updated_at = user.updated_at,
        },
        claims = claims,
      },
    }
  end,
}
