---@meta email

--- E-mail addresses in the one form in which they are compared and stored.
local email = {}

--- Brings an address to its canonical form: outer spaces cut, local part lower
--- case and NFC, domain in ASCII. Display names, comments, quoted parts and
--- `[1.2.3.4]` are refused, and so is what exceeds 254 bytes, or 64 before the
--- `@`.
---@param text string
---@return string? address
---@return "invalid"|"too_long"? code
---@return string? message fit for the caller
function email.normalize(text) end

return email
