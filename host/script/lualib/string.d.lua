---@meta string

--- Texts, or bytes: a string may hold any. Lengths and places count bytes, from 1; a negative place counts
--- from the end. No string is longer than `MAX_STRING_BYTES`, and a match that takes too many steps raises.
string = {}

--- The values of some bytes.
---@param s string
---@param from? integer 1 if left out
---@param to? integer as from if left out; 8000 bytes at most
---@return integer ... each 0 to 255
function string.byte(s, from, to) end

--- A string of bytes.
---@param ... integer each 0 to 255
---@return string text
function string.char(...) end

--- Where a pattern is found first.
---@param s string
---@param pattern string
---@param from? integer where to begin; 1 if left out
---@param plain? boolean whether the pattern is plain text
---@return integer? from nil if it is not found
---@return integer? to
---@return any ... the captures
function string.find(s, pattern, from, plain) end

--- A text from a template: %d %i %u integers, %f %g %e numbers, %x %X %o %c, %s any value, %q a quoted string.
---@param template string
---@param ... any one for each %
---@return string text
function string.format(template, ...) end

--- Goes over all matches: `for word in string.gmatch(text, "%a+") do`.
---@param s string
---@param pattern string
---@return fun(): string, ... iterator gives the captures, or the whole match
function string.gmatch(s, pattern) end

--- Replaces matches.
---@param s string
---@param pattern string
---@param with string|table|function a text with %1 for a capture; a table or function that gives it, or nil to leave it
---@param most? integer how many; all if left out
---@return string text
---@return integer count of matches
function string.gsub(s, pattern, with, most) end

--- How many bytes.
---@param s string
---@return integer bytes
function string.len(s) end

--- ASCII letters in lower case.
---@param s string
---@return string text
function string.lower(s) end

--- The captures of the first match, or the whole match.
---@param s string
---@param pattern string
---@param from? integer where to begin; 1 if left out
---@return any ... nil if it is not found
function string.match(s, pattern, from) end

--- A string n times.
---@param s string
---@param n integer
---@return string text
function string.rep(s, n) end

--- The bytes in reverse.
---@param s string
---@return string text
function string.reverse(s) end

--- A part of a string.
---@param s string
---@param from integer
---@param to? integer -1, the end, if left out
---@return string text
function string.sub(s, from, to) end

--- ASCII letters in upper case.
---@param s string
---@return string text
function string.upper(s) end
