---@meta crypto

--- Random bytes, hashes and encodings. Bytes are strings; show them with
--- `crypto.hex.encode`. For passwords use `password`, for tokens `jwt`.
local crypto = {}

--- Bytes that nobody can guess.
---@param n integer how many, 1 to 1024
---@return string bytes
function crypto.random(n) end

---@param text string
---@return string digest 32 bytes
function crypto.sha256(text) end

---@param key string
---@param text string
---@return string code 32 bytes
function crypto.hmac_sha256(key, text) end

--- Compares two secrets in a time that does not tell where they differ.
---@param a string
---@param b string
---@return boolean
function crypto.equal(a, b) end

--- Two digits a byte, in lower case. Reads upper case, too.
crypto.hex = {}

---@param bytes string
---@return string text
function crypto.hex.encode(bytes) end

---@param text string
---@return string? bytes
---@return "invalid"? code
---@return string? message
function crypto.hex.decode(text) end

--- Base64 with padding, RFC 4648 section 4.
crypto.base64 = {}

---@param bytes string
---@return string text
function crypto.base64.encode(bytes) end

---@param text string
---@return string? bytes
---@return "invalid"? code
---@return string? message
function crypto.base64.decode(text) end

--- Base64 for URLs and file names, without padding, RFC 4648 section 5.
crypto.base64url = {}

---@param bytes string
---@return string text
function crypto.base64url.encode(bytes) end

---@param text string
---@return string? bytes
---@return "invalid"? code
---@return string? message
function crypto.base64url.decode(text) end

return crypto
