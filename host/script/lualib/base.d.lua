---@meta base

--- What a script finds without require, besides `string`, `table` and `math`.

--- Lua's version.
---@type string
_VERSION = nil

--- Raises `message` if `value` is false or nil; else gives all its arguments back.
---@generic T
---@param value T?
---@param message? any
---@param ... any
---@return T value
---@return any ... the other arguments
function assert(value, message, ...) end

--- Raises an error. In an action it is a bug: the caller gets 500, the log gets the message.
---@param message any text, or a table for a `pcall` further up
---@param level? integer whose place goes before a text: 1 this one's, 2 the caller's, 0 none; 1 if left out
function error(message, level) end

--- The metatable of a table, or what its `__metatable` says.
---@param value any
---@return any metatable nil for what is no table
function getmetatable(value) end

--- Goes over a list from 1 to the first nil: `for i, value in ipairs(list) do`.
---@generic V
---@param list V[]
---@return fun(list: V[], i?: integer): integer, V iterator
---@return V[] list
---@return integer start 0
function ipairs(list) end

--- The entry after that of `key`, or the first.
---@generic K, V
---@param values table<K, V>
---@param key? K
---@return K? key nil behind the last
---@return V? value
function next(values, key) end

--- Goes over all entries of a table in no order: `for key, value in pairs(values) do`.
---@generic K, V
---@param values table<K, V>
---@return fun(values: table<K, V>, key?: K): K, V iterator
---@return table<K, V> values
---@return nil start
function pairs(values) end

--- Calls `fn` and catches what it raises. The end of the action's time is not caught.
---@param fn function
---@param ... any its arguments
---@return boolean ok
---@return any ... what fn returned, or what it raised
function pcall(fn, ...) end

--- `a == b` without metamethods.
---@param a any
---@param b any
---@return boolean equal
function rawequal(a, b) end

--- `values[key]` without metamethods.
---@param values table
---@param key any
---@return any value
function rawget(values, key) end

--- `values[key] = value` without metamethods. Raises on a table of the library or of a primitive.
---@param values table
---@param key any neither nil nor NaN
---@param value any
---@return table values
function rawset(values, key, value) end

--- What follows from the nth argument on; with "#", how many there are.
---@param n integer|"#" counted from the end if negative
---@param ... any
---@return any ... the arguments
function select(n, ...) end

--- Sets a table's metatable. Raises if the one it has is protected.
---@generic T: table
---@param values T
---@param metatable table? nil takes it away
---@return T values
function setmetatable(values, metatable) end

--- A number from a text.
---@param value any
---@param base? integer 2 to 36; 10 if left out
---@return number? number nil if the text is none
function tonumber(value, base) end

--- A text from any value. Tables and functions show no address.
---@param value any
---@return string text
function tostring(value) end

--- The type's name: "nil", "boolean", "number", "string", "table", "function" or "userdata".
---@param value any
---@return string type
function type(value) end

--- The elements of a list as values.
---@param list table
---@param from? integer 1 if left out
---@param to? integer the list's length if left out; 8000 elements at most
---@return any ... the elements
function unpack(list, from, to) end

--- Calls `fn` and catches what it raises, which goes through `handler`.
---@param fn function called without arguments
---@param handler fun(message: any): any
---@return boolean ok
---@return any ... what fn or handler returned
function xpcall(fn, handler) end
