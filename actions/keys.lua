--- Gives the public keys by which others can verify tokens themselves, as a JWK set (RFC 7517).

local jwt = require("jwt")

if #jwt.keys().keys == 0 then
  return false -- tokens are signed with a secret: there is nothing to publish
end

---@type Action
return {
  description = "Returns the public keys that verify JWT tokens, as a JWK set",
  fields = {},
  run = function()
    return { status_code = 200, fields = jwt.keys() }
  end,
}
