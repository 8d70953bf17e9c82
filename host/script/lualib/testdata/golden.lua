-- Writes what Lua 5.1 says, for TestGolden to compare with. Run by hand:
--
--   cd testdata && lua5.1 golden.lua
--
-- A line of golden/*.txt is an expression, a tab, and its results: n for a
-- number, s for a text, b for a boolean, - for nil, ! for an error's message.

local helpers = assert(io.open("helpers.lua")):read("*a")
assert(loadstring(helpers, "=x"))()

-- A generator of its own keeps the files the same from run to run.
local state = 42
local function random(n)
  state = (state * 16807) % 2147483647
  return state % n + 1
end
local function pick(list) return list[random(#list)] end
local function series(list, most)
  local parts = {}
  for i = 1, random(most + 1) - 1 do parts[i] = pick(list) end
  return table.concat(parts)
end

local function escape(s)
  return (s:gsub('[%c"\\\127-\255]', function(c) return ("\\%03d"):format(c:byte()) end))
end
local function quote(s) return '"' .. escape(s) .. '"' end

local function show(v)
  local kind = type(v)
  if kind == "number" then return ("n%.17g"):format(v) end
  if kind == "string" then return "s" .. escape(v) end
  if kind == "boolean" then return "b" .. tostring(v) end
  if kind == "nil" then return "-" end
  error("a golden case gives a " .. kind)
end

local function results(ok, ...)
  if not ok then return "!" .. escape((tostring(...):gsub("^x:%d+: ", ""))) end
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = show((select(i, ...))) end
  return table.concat(parts, "\t")
end

local out, seen
local function case(expression)
  if seen[expression] then return end
  seen[expression] = true
  -- A tail call would lose the function's name, so it is an argument.
  local chunk = assert(loadstring("return same(" .. expression .. ")", "=x"))
  out:write(expression, "\t", results(pcall(chunk)), "\n")
end

local function file(name, fill)
  out, seen = assert(io.open("golden/" .. name .. ".txt", "w")), {}
  fill()
  out:close()
end

local ITEMS = {
  "a", "b", "a", "b", "c", ".", ".", "%a", "%d", "%s", "%w", "%A", "%l", "%u", "%p", "%c", "%x", "%z", "%D", "%S",
  "[ab]", "[^a]", "[a-c]", "[%a_]", "[^%s]", "[]]", "[a-]", "[%]x]", "(", ")", "(", ")", "()", "*", "*", "+", "+", "-", "?",
  "^", "$", "%1", "%2", "%b()", "%bab", "%f[a]", "%f[%w]", "%f[^a]", "%.", "%%", "%", "[", "]", "[^",
}
local GOOD = { "a", "b", "c", ".", "%a", "%d", "[ab]", "[^a]", "(a)", "(.)", "()", "(a*)", "(.-)", "(b+)", "a*", "b-", ".?", "%w+", "%s*", "%1" }
local SUBJECT = { "a", "a", "a", "b", "b", "c", "A", "1", "(", ")", " ", ".", "_", "\n", "\200", "-", "]" }
local TEMPLATES = { "", "x", "<%0>", "%1", "[%1]", "%2%1", "%%", "%a", "a%", "%0%0", "%9" }

file("pattern", function()
  for i = 1, 2600 do
    local pattern = series(i % 2 == 0 and ITEMS or GOOD, i % 2 == 0 and 5 or 4)
    if random(12) == 1 then pattern = "^" .. pattern end
    if random(12) == 1 then pattern = pattern .. "$" end
    local subject, p = quote(series(SUBJECT, 10)), quote(pattern)
    local which = random(8)
    if which == 1 then
      case(("string.find(%s, %s)"):format(subject, p))
    elseif which == 2 then
      case(("string.find(%s, %s, %d)"):format(subject, p, random(16) - 4))
    elseif which == 3 then
      case(("string.find(%s, %s, %d, true)"):format(subject, p, random(16) - 4))
    elseif which == 4 then
      case(("string.match(%s, %s)"):format(subject, p))
    elseif which == 5 then
      case(("string.match(%s, %s, %d)"):format(subject, p, random(16) - 4))
    elseif which == 6 then
      case(("all(%s, %s)"):format(subject, p))
    elseif which == 7 then
      local most = random(3) == 1 and ", " .. (random(5) - 2) or ""
      case(("string.gsub(%s, %s, %s%s)"):format(subject, p, quote(pick(TEMPLATES)), most))
    else
      case(("string.gsub(%s, %s, %s)"):format(subject, p, pick({ "REPLACE", "join", "7", "0.5", "string.upper", "INDEXED" })))
    end
  end
  for _, class in ipairs({ "a", "c", "d", "l", "p", "s", "u", "w", "x", "z" }) do
    for _, pattern in ipairs({ "%" .. class, "%" .. class:upper() }) do
      case(("string.gsub(EVERY, %q, '')"):format(pattern))
      case(("string.gsub(EVERY, '[^%s]', '')"):format(pattern))
    end
  end
  for _, replacement in ipairs({ "nil", "true", "{}", "{a = {}}", "{a = true}", "function() return {} end", "function() end", "{a = false}" }) do
    case(("string.gsub('banana', 'a', %s)"):format(replacement))
  end
  case("string.find('a', ('()'):rep(33))")
  case("select('#', string.find('a', ('()'):rep(32)))")
end)

local BITS = { "0", "1", "2", "9", "a", "f", "x", "X", "0x", "e", "E", "e5", "e-", "e+1", ".", "-", "+", " ", "\t", "\n", "_", "p", "p2", "z", "b", "10", "00" }

file("number", function()
  for _ = 1, 900 do
    local text = series(BITS, 5)
    case(("tonumber(%s)"):format(quote(text)))
    if not text:find("-", 1, true) then
      case(("tonumber(%s, %d)"):format(quote(text), pick({ 2, 8, 10, 16, 16, 36 })))
    end
  end
  for _, text in ipairs({
    "1e1", "0x10", "010", " 10 ", "1_000", "0b11", "0b11", "1e999", "-1e999", "1e-999", "0x", "0xg", "99999999999999999999",
    "0x1p4", "0x.8", "0xA.8p1", "1 2", "", " ", "--1", "- 1", "+1", "1e", ".5", "5.", ".", "1\n", "\v1\f",
  }) do
    case(("tonumber(%s)"):format(quote(text)))
  end
  for _, arguments in ipairs({
    "", "nil", "true", "{}", "5", "'7', 16", "'zz', 36", "'8', 8", "'10', 1", "'10', 37", "nil, 16", "17, 16", "'ffffffffffffffffffff', 16",
    "'1.5', 10", "'1.5', 16", "'1', 'x'", "'11', '2'",
  }) do
    case(("tonumber(%s)"):format(arguments))
  end
  for _ = 1, 500 do
    local mantissa, exponent = random(1e9) / pick({ 1, 7, 1000, 1e6 }), random(40) - 20
    local n = mantissa * 10 ^ exponent * pick({ 1, -1 })
    if n ~= math.floor(n) or math.abs(n) < 1e14 or math.abs(n) > 2 ^ 53 then
      case(("tostring(%.17g)"):format(n))
    end
  end
  for _, n in ipairs({ "0", "-0.0", "1/0", "-1/0", "2^53", "2^60", "0.1", "0.1 + 0.2", "1e15", "1e100", "123456789012.5", "-5", "nil", "true" }) do
    if n ~= "1e15" then case(("tostring(%s)"):format(n)) end
  end
end)

local FLAGS = { "", "", "", "-", "+", " ", "#", "0", "-0", "+0", " 0", "#0", "+ ", "-#", "-+ #0", "-----", "------" }
local WIDTHS = { "", "", "", "", "1", "1", "5", "5", "12", "12", "40", "99", "100" }
local PRECISIONS = { "", "", "", "", ".", ".0", ".1", ".1", ".3", ".3", ".10", ".20", ".99", ".100" }
local NUMBERS = {
  "0", "1", "-1", "7", "-42", "255", "65535", "3.7", "-3.7", "0.5", "1e10", "-1e10", "123456789", "0.1", "1e-5", "0.00012345", "1e15",
  "123456.789", "99999.5", "2^31", "2^53", "-2^31", "'12'", "'0x10'", "1/3",
  "1e100", "1e300", -- these two last: they fit no integer
}
local TEXTS = { "''", "'abc'", "'x\\ny'", "'\\200\\255'", "12", "1.5", "('long'):rep(30)", "'\"q\\\\'", "'\\r'" }

file("format", function()
  for _ = 1, 2200 do
    local verb = pick({ "d", "i", "o", "u", "x", "X", "e", "E", "f", "g", "G", "c", "s", "q", "d", "f", "g" })
    local layout = "%" .. pick(FLAGS) .. pick(WIDTHS) .. pick(PRECISIONS) .. verb
    local value
    if verb == "s" or verb == "q" then
      value = pick(TEXTS)
    elseif verb == "c" then
      value = random(255)
    else
      value = NUMBERS[random(#NUMBERS - (verb:find("[diouxX]") and 2 or 0))]
    end
    case(("string.format(%s, %s)"):format(quote(pick({ "", "<" }) .. layout .. pick({ "", "%%", ">" })), value))
  end
  for _, arguments in ipairs({
    "", "'%'", "'%%'", "'%d'", "'%d %d', 1", "'%d', 'x'", "'%d', nil", "'%d', {}", "'%s'", "'%y', 1", "'%', 1", "'%5', 1", "'%.', 1", "'%v', 1",
    "'%T', 1", "'%ld', 1", "'%*d', 1, 2", "'%s %s', 1, 2, 3", "'%s', true", "'%q', nil", "'%p', 1", "'%n', 1", "'%a', 1", "'%F', 1", "'%5.5.5f', 1",
    "'%f', 1/0", "'%f', -1/0", "'%5.1f|', 1/0", "'%05f|', -1/0", "'%G', 1/0", "'%+e', 1/0", "nil", "{}", "12", "'%c%c%c', 76, 117, 97", "'%c'", "'%c', 'x'",
    "'%q', '\\0a'", "'%i', '5'", "'%x', -1", "'%o', -8", "'%u', -1", "'%u', 2^63",
  }) do
    if arguments ~= "'%s', true" and arguments ~= "'%q', nil" then case(("string.format(%s)"):format(arguments)) end
  end
end)

file("string", function()
  for _ = 1, 500 do
    local s = quote(series(SUBJECT, 8))
    local i, j = random(24) - 12, random(24) - 12
    case(("string.sub(%s, %d)"):format(s, i))
    case(("string.sub(%s, %d, %d)"):format(s, i, j))
    case(("string.byte(%s, %d, %d)"):format(s, i, j))
    if random(4) == 1 then
      case(("string.byte(%s, %d)"):format(s, i))
      case(("string.rep(%s, %d)"):format(s, random(8) - 3))
      case(("string.upper(%s)"):format(s))
      case(("string.lower(%s)"):format(s))
      case(("string.reverse(%s)"):format(s))
      case(("string.len(%s)"):format(s))
    end
  end
  for _, name in ipairs({ "byte", "char", "find", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper" }) do
    for _, arguments in ipairs({ "", "nil", "{}", "true", "12", "'x'", "'x', nil", "'x', {}", "'x', 'y'", "'x', 2", "'x', '2'", "'x', 1.9", "'x', 'y', {}", "'x', 'y', 'z', {}" }) do
      if not (name == "gmatch" and arguments:find("^'?[x1]")) then case(("string.%s(%s)"):format(name, arguments)) end
    end
  end
  case("string.char()") case("string.char(72, 105, 0, 255)") case("string.char(256)") case("string.char(-1)") case("string.char(65.9)")
  case("string.upper(EVERY)") case("string.lower(EVERY)") case("string.reverse(EVERY)") case("string.byte(EVERY, 1, -1)") case("#EVERY")
  case("('x'):upper()") case("#('abc')") case("('%d'):format(5)") case("(5 .. ''):rep(3)")
end)

file("table", function()
  for _ = 1, 700 do
    local steps = {}
    for _ = 1, random(8) do
      local step = pick({
        "table.insert(t, %d)", "table.insert(t, %d)", "table.insert(t, 1, %d)", "table.insert(t, #t + 1, %d)", "table.insert(t, math.ceil(#t / 2) + 1, %d)",
        "r = table.remove(t)", "r = table.remove(t, 1)", "r = table.remove(t, 2)", "r = table.remove(t, 0)", "r = table.remove(t, 99)", "r = table.remove(t, -1)",
        "table.sort(t)", "table.sort(t, more)", "t[#t] = nil", "t[#t + 1] = %d",
      })
      steps[#steps + 1] = step:find("%%d") and step:format(random(50)) or step
    end
    case(("(function(t, r) %s return r, #t, table.maxn(t), table.concat(t, ',') end)({%s})"):format(
      table.concat(steps, " "), pick({ "", "5", "5, 3", "5, 3, 9, 1", "2, 2, 1, 1, 3, 3" })))
  end
  for _ = 1, 200 do
    local list = {}
    for i = 1, random(40) do list[i] = pick({ random(1000), random(1000) / 8, -random(9) }) end
    case(("(function(t) table.sort(t%s) return table.concat(t, ' ') end)({%s})"):format(pick({ "", ", more" }), table.concat(list, ", ")))
  end
  for _ = 1, 60 do
    local list = {}
    for i = 1, random(20) do list[i] = quote(series(SUBJECT, 4)) end
    case(("(function(t) table.sort(t) return table.concat(t, '|') end)({%s})"):format(table.concat(list, ", ")))
  end
  for _ = 1, 150 do
    case(("table.concat({1, 'b', 2.5, 'd'}, %s, %d, %d)"):format(pick({ "''", "','", "', '", "nil", "7" }), random(7) - 1, random(7) - 1))
  end
  for _, arguments in ipairs({
    "", "nil", "{}", "{}, {}", "{1, {}, 3}", "{1, nil, 3}, '', 1, 3", "{true}", "{1}, ',', 1, 2", "{1, 2}, ','", "{1, 2}, ',', '2'", "{1}, ',', 'x'", "5",
    "{[0] = 'zero', 'one'}, ',', 0, 1", "{[-1] = 'a', [0] = 'b'}, '', -1, 0",
  }) do
    case(("table.concat(%s)"):format(arguments))
  end
  for _, call in ipairs({
    "table.insert()", "table.insert(nil)", "table.insert({})", "table.insert({}, 1, 2, 3)", "table.insert({}, 'x', 2)", "table.insert(5, 1)", "table.remove()",
    "table.remove(nil)", "table.remove({}, 'x')", "table.remove({})", "table.remove({7})", "table.remove({7, 8}, '1')", "table.sort()", "table.sort({}, 5)",
    "table.sort({}, nil)", "table.sort({3, 'x'})", "table.sort({2, 1}, function() error('no', 0) end)", "table.maxn()", "table.maxn({})",
    "table.maxn({1, 2, [10] = 3, [2.5] = 1, x = 9})", "table.maxn({[-5] = 1})", "table.maxn({[1e9] = 1})",
  }) do
    case(call)
  end
end)

file("base", function()
  for _, expression in ipairs({
    "select('#')", "select('#', nil, nil)", "select(2, 'a', 'b', 'c')", "select(-1, 'a', 'b', 'c')", "select(-3, 'a', 'b', 'c')", "select(-4, 'a', 'b', 'c')", "select(0, 'a')",
    "select(9, 'a')", "select('2', 'a', 'b')", "select('x', 'a')", "select()", "select({})", "select(1.9, 'a', 'b')", "select('#x', 1)",
    "unpack({1, 2, 3})", "unpack({})", "unpack({1, nil, 3}, 1, 3)", "unpack({1, 2, 3}, 2)", "unpack({1, 2, 3}, -1, 1)", "unpack({1, 2}, 3)", "unpack({1, 2}, 2, 1)", "unpack()",
    "unpack(nil)", "unpack({}, 'x')", "unpack({[0] = 'zero'}, 0, 0)", "unpack({1, 2}, '2')", "select('#', unpack({}, 1, 200))",
    "ipairs()", "ipairs(nil)", "ipairs(5)", "pairs()", "pairs(nil)", "pairs('x')", "next()", "next(nil)", "next({})", "next({7})", "next({7}, 1)", "next({x = 1})", "next({x = 1}, 'x')",
    "rawequal(1, 1)", "rawequal('a', 'a')", "rawequal({}, {})", "rawequal(1)", "rawequal()", "rawequal(0/0, 0/0)", "rawget({5}, 1)", "rawget({}, 'x')", "rawget()", "rawget(nil, 1)", "rawget({})",
    "rawget(rawset({}, 'k', 5), 'k')", "rawset({}, nil, 1)", "rawset({}, 0/0, 1)", "rawset()", "rawset({}, 1)", "rawset('x', 1, 2)", "rawget(setmetatable({}, {__index = function() return 5 end}), 'x')",
    "assert(1, 2, 3)", "assert(false)", "assert(nil, 'message')", "assert(false, 5)", "assert()", "assert(false, {})", "assert(nil, nil)", "assert(true)",
    "type(nil)", "type(1)", "type('')", "type({})", "type(type)", "type(true)", "type()", "_VERSION",
    "getmetatable({})", "getmetatable(setmetatable({}, {__metatable = 'locked'}))", "setmetatable(setmetatable({}, {__metatable = 1}), {})", "getmetatable()", "getmetatable(5)", "getmetatable(nil)",
    "setmetatable()", "setmetatable({})", "setmetatable({}, 5)", "setmetatable(5, {})", "setmetatable(nil, {})", "setmetatable('x', {})", "getmetatable(setmetatable({}, nil))",
    "tostring()", "tostring(nil)", "tostring(false)", "tostring('x')", "tostring(setmetatable({}, {__tostring = function() return 'T' end}))",
    "pcall(error, 'x', 0)", "pcall(error)", "pcall(error, nil)", "select('#', pcall(function() return 1, nil end))", "xpcall(function() error('e', 0) end, function(m) return m .. '!' end)",
    "count(pairs({1, 2, 3, x = 1, y = 2}))", "count(ipairs({1, 2, nil, 4}))", "count(ipairs({}))", "count(pairs({}))", "count(next, {1, 2, x = 3})",
    "(function() local t = {1, 2, 3, a = 1, b = 2} for k in pairs(t) do t[k] = nil end return next(t) end)()",
  }) do
    case(expression)
  end
end)

file("math", function()
  local values = { "0", "1", "-1", "0.5", "-2.5", "3.7", "10", "100", "1000", "1e10", "2^53", "1e-10", "math.pi", "1/0", "-1/0", "'2'" }
  for _, name in ipairs({
    "abs", "acos", "asin", "atan", "ceil", "cos", "cosh", "deg", "exp", "floor", "frexp", "log", "log10", "modf", "rad", "sin", "sinh", "sqrt", "tan", "tanh",
  }) do
    for _, x in ipairs(values) do
      if not (name == "frexp" and x:find("/0")) then case(("math.%s(%s)"):format(name, x)) end
    end
    case(("math.%s()"):format(name))
    case(("math.%s({})"):format(name))
    case(("math.%s('x')"):format(name))
  end
  for _, name in ipairs({ "atan2", "fmod", "mod", "pow", "max", "min" }) do
    for _ = 1, 30 do case(("math.%s(%s, %s)"):format(name, pick(values), pick(values))) end
    case(("math.%s(1)"):format(name)) -- which argument C looks at first is its own affair
  end
  for i = 0, 22 do case(("math.log10(1e%d)"):format(i)) end
  for _, expression in ipairs({
    "math.max(1, 5, 3, 4)", "math.min(4, 2, 8)", "math.max(1, 'x')", "math.ldexp(0.5, 10)", "math.ldexp(1, -3)", "math.ldexp(1)", "math.huge", "-math.huge", "math.pi", "math.random(0)", "math.random(-1)",
    "math.random(5, 4)", "math.random(1, 2, 3)", "math.random('x')", "math.random(1)", "math.random(7, 7)",
  }) do
    case(expression)
  end
end)
