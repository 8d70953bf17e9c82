---@meta time

--- The time of day, as whole Unix seconds.
local time = {}

---@return integer seconds since 1970, UTC
function time.now() end

--- Writes a time as RFC 3339 in UTC, `2026-11-24T02:00:00Z`. Raises outside the
--- years 1 to 9999.
---@param seconds integer
---@return string
function time.format(seconds) end

--- Reads RFC 3339 with any offset. A fraction of a second is dropped.
---@param text string
---@return integer? seconds
---@return "invalid"? code
---@return string? message
function time.parse(text) end

return time
