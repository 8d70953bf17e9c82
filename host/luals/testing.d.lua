---@meta testing

--- Declares a test.
---@param name string
---@param fn fun()
function it(name, fn) end

--- Declares a group of tests; groups nest.
---@param name string
---@param fn fun()
function describe(name, fn) end

--- Runs fn before each test of its group, or of the file.
---@param fn fun()
function before_each(fn) end

--- Calls an action as a caller would: look-up, validation, run, encoding.
---@param action string
---@param fields? table
---@return CallAnswer
function call(action, fields) end

--- What a caller gets; nil stands for null.
---@class CallAnswer
---@field status_code integer
---@field message? string
---@field fields? any

--- Declares a test too; and sets what it depends on.
---@class test
---@overload fun(name: string, fn: fun())
test = {}

--- Sets the time, which stands still from then on.
---@param time string|number RFC 3339, or Unix seconds
function test.clock(time) end

--- Moves the time forward.
---@param seconds number
function test.advance(seconds) end

--- Makes all random numbers the same each time.
---@param n integer
function test.seed(n) end

--- Changes settings, as actions read them with env.
---@param settings table<string, string|number|boolean>
function test.env(settings) end

--- Begins an expectation.
---@param value any
---@return Expectation
function expect(value) end

---@class Expectation
---@field never Expectation the opposite
local Expectation = {}

--- The same; tables have the same members, all the way down.
---@param want any
---@return any value
function Expectation:equals(want) end

--- Text with that text in it, a list with that element, or a table with those members.
---@param part any
---@return any value
function Expectation:contains(part) end

--- Text that matches one of Lua's patterns.
---@param pattern string
---@return any value
function Expectation:matches(pattern) end

--- Nil or json.null.
---@return any value
function Expectation:is_nil() end

---@param type "string"|"number"|"boolean"|"table"|"function"
---@return any value
function Expectation:is_a(type) end

--- A function that raises an error, with that text in it.
---@param text? string
---@return any value
function Expectation:raises(text) end
