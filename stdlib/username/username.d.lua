---@meta username

--- Usernames in the one form in which they are compared and stored.
local username = {}

--- Brings a username to its canonical form (PRECIS UsernameCaseMapped): lower
--- case, width folded, NFC. Blanks, controls and invisible characters are
--- refused, and so are letters of different scripts in one name. Its length in
--- characters is the schema's business.
---@param text string
---@return string? name
---@return "invalid"|"mixed_script"|"too_long"? code
---@return string? message fit for the caller
function username.normalize(text) end

return username
