---@meta jwt

--- JSON Web Tokens, signed with this host's key and verified with that and the
--- keys of JWT_VERIFY_KEYS. What signs, scripts never see.
local jwt = {}

---@class jwt.Claims
---@field iss? string issuer; always there in a verified token
---@field aud? string|string[] audience; likewise
---@field sub? string whom the token is about
---@field jti? string UUID; may be absent from, or empty in, a token signed elsewhere
---@field iat? integer issued at, Unix seconds
---@field nbf? integer not valid before
---@field exp? integer not valid from then on
---@field token_use? string the type, where it is not an access token
---@field [string] any

---@class jwt.Options
---@field type? string what the token is for, lower-case letters and _; left out: an access token

---@class jwt.Key a public key as RFC 7517 writes it
---@field kty "OKP"|"EC"|"RSA"
---@field alg "EdDSA"|"ES256"|"RS256"
---@field use "sig"
---@field kid? string
---@field crv? "Ed25519"|"P-256"
---@field x? string
---@field y? string
---@field n? string
---@field e? string

--- Signs a token. `iss`, `aud`, `iat` and `jti` are filled in where absent.
--- Raises on claims that `verify` would refuse, on an `exp` that has passed or
--- is further off than `JWT_MAX_TTL`, and on an `nbf` not before `exp`.
---@param claims jwt.Claims
---@param options? jwt.Options
---@return string token
---@return jwt.Claims claims as they were signed
function jwt.sign(claims, options) end

--- Verifies a token: form, algorithm, key, signature, type, times, issuer and
--- audience, and that `sub` is text and `jti` a UUID where they are there. A
--- token of another type than asked for, or than access, has the code "type".
---@param token string
---@param options? jwt.Options
---@return jwt.Claims? claims
---@return "malformed"|"algorithm"|"signature"|"type"|"expired"|"not_yet_valid"|"issuer"|"audience"|"claims"? code
---@return string? message fit for the caller
function jwt.verify(token, options) end

--- The public keys that verify this host's tokens, for whoever wants to do that
--- himself: a JWK set. Its list is empty where tokens are signed with a secret.
---@return { keys: jwt.Key[] } set
function jwt.keys() end

return jwt
