---@meta math

--- Numbers. All are 64-bit floating point: integers are exact up to 2^53.
math = {}

--- Larger than any other number.
---@type number
math.huge = nil

--- A circle's circumference by its diameter.
---@type number
math.pi = nil

--- Without its sign.
---@param x number
---@return number y
function math.abs(x) end

--- Arc cosine, in radians.
---@param x number
---@return number angle radians
function math.acos(x) end

--- Arc sine, in radians.
---@param x number
---@return number angle radians
function math.asin(x) end

--- Arc tangent, in radians.
---@param x number
---@return number angle radians
function math.atan(x) end

--- Arc tangent of y/x, with the quadrant of the point.
---@param y number
---@param x number
---@return number angle radians
function math.atan2(y, x) end

--- The next integer not below x.
---@param x number
---@return integer integer
function math.ceil(x) end

--- Cosine.
---@param angle number radians
---@return number x
function math.cos(angle) end

--- Hyperbolic cosine.
---@param x number
---@return number y
function math.cosh(x) end

--- Degrees from radians.
---@param angle number radians
---@return number degrees
function math.deg(angle) end

--- e to the power of x.
---@param x number
---@return number y
function math.exp(x) end

--- The next integer not above x.
---@param x number
---@return integer integer
function math.floor(x) end

--- The rest of x/y, with the sign of x.
---@param x number
---@param y number
---@return number rest
function math.fmod(x, y) end

--- Splits x into m * 2^e.
---@param x number
---@return number m 0, or from 0.5 to below 1
---@return integer e
function math.frexp(x) end

--- m * 2^e.
---@param m number
---@param e integer
---@return number x
function math.ldexp(m, e) end

--- Natural logarithm.
---@param x number
---@return number y
function math.log(x) end

--- Logarithm to base 10.
---@param x number
---@return number y
function math.log10(x) end

--- The largest of its arguments.
---@param x number
---@param ... number
---@return number largest
function math.max(x, ...) end

--- The smallest of its arguments.
---@param x number
---@param ... number
---@return number smallest
function math.min(x, ...) end

--- The rest of x/y, with the sign of x; the same as fmod.
---@param x number
---@param y number
---@return number rest
function math.mod(x, y) end

--- Splits x at the point.
---@param x number
---@return number whole
---@return number fraction
function math.modf(x) end

--- x to the power of y.
---@param x number
---@param y number
---@return number power
function math.pow(x, y) end

--- Radians from degrees.
---@param degrees number
---@return number angle radians
function math.rad(degrees) end

--- Without arguments a number from 0 to below 1; else an integer, both ends included. Not for secrets: those are
--- `crypto.random`'s.
---@param from? integer the end if it is alone, and 1 then the beginning
---@param to? integer
---@return number number
function math.random(from, to) end

--- Sine.
---@param angle number radians
---@return number x
function math.sin(angle) end

--- Hyperbolic sine.
---@param x number
---@return number y
function math.sinh(x) end

--- Square root.
---@param x number
---@return number y
function math.sqrt(x) end

--- Tangent.
---@param angle number radians
---@return number x
function math.tan(angle) end

--- Hyperbolic tangent.
---@param x number
---@return number y
function math.tanh(x) end
