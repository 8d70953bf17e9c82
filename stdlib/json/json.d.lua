---@meta json

--- JSON, read and written strictly: nothing is rounded, lost or guessed.
local json = {}

--- An explicit null. nil in a table is no entry at all.
---@type userdata
json.null = nil

--- Writes a value as JSON, members sorted by name. Raises on what JSON cannot
--- hold (a function, NaN, a table with holes or that contains itself, text that
--- is not UTF-8), naming the place.
---@param value any
---@return string text
function json.encode(value) end

--- Reads JSON. null becomes `json.null`, an array a marked table. Duplicate
--- names, text after the value and integers beyond 2^53 are refused.
---@param text string
---@return any value
---@return "invalid"? code
---@return string? message what is wrong, and where
function json.decode(text) end

--- Marks a table as an array, so that it is one even when empty.
---@generic T
---@param list? T[] a new table if left out
---@return T[]
function json.array(list) end

return json
