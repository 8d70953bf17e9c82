---@meta table

--- Lists: tables with the keys 1, 2, 3, …
table = {}

--- The elements as one text. Raises on what is neither a string nor a number.
---@param list table
---@param separator? string between two; "" if left out
---@param from? integer 1 if left out
---@param to? integer the list's length if left out
---@return string text
function table.concat(list, separator, from, to) end

--- Puts an element at the end, or before a place: `table.insert(list, value)`, `table.insert(list, 1, value)`.
---@param list table
---@param place any the value if that is all there is; else from 1
---@param value? any
function table.insert(list, place, value) end

--- The largest number that is a key.
---@param values table
---@return number largest 0 if there is none
function table.maxn(values) end

--- Takes an element out; those behind it move up.
---@param list table
---@param place? integer the last if left out
---@return any value what was there
function table.remove(list, place) end

--- Sorts a list where it is.
---@param list table
---@param before? fun(a: any, b: any): boolean whether a comes before b; `a < b` if left out
function table.sort(list, before) end
