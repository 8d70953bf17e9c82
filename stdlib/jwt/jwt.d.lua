---@meta jwt

--- JSON Web Tokens, signed and verified with this host's algorithm and secret.
local jwt = {}

---@class jwt.Claims
---@field iss? string issuer; always there in a verified token
---@field aud? string|string[] audience; likewise
---@field sub? string whom the token is about
---@field jti? string UUID; may be absent from, or empty in, a token signed elsewhere
---@field iat? integer issued at, Unix seconds
---@field nbf? integer not valid before
---@field exp? integer not valid from then on
---@field [string] any

--- Signs a token. `iss`, `aud`, `iat` and `jti` are filled in where absent.
--- Raises on claims that `verify` would refuse, on an `exp` that has passed or
--- is further off than `JWT_MAX_TTL`, and on an `nbf` not before `exp`.
---@param claims jwt.Claims
---@return string token
---@return jwt.Claims claims as they were signed
function jwt.sign(claims) end

--- Verifies a token: form, algorithm, signature, times, issuer and audience,
--- and that `sub` is text and `jti` a UUID where they are there.
---@param token string
---@return jwt.Claims? claims
---@return "malformed"|"algorithm"|"signature"|"expired"|"not_yet_valid"|"issuer"|"audience"|"claims"? code
---@return string? message fit for the caller
function jwt.verify(token) end

return jwt
