---@meta phone

--- Phone numbers in E.164, the one form in which they are compared and stored.
local phone = {}

--- Brings a number in any spelling to E.164, `+12125551234`. Letters and
--- extensions are refused. Without a region the number must begin with a plus
--- and its country code. `PHONE_VALIDATION` says how much is checked.
---@param text string
---@param region? string two letters, ISO 3166: where a number without a plus is from
---@return string? number
---@return "region"|"country"|"not_a_number"|"too_short"|"too_long"|"invalid"? code
---@return string? message fit for the caller
function phone.normalize(text, region) end

return phone
