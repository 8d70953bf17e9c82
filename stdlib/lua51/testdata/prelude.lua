-- What the cases may call, and how their results are written down. Both PUC's
-- Lua and ours run this.

local numbers, count -- of tables and functions, in the order they are shown
local trace

-- reset makes everything new for the next case.
function reset()
  numbers, count, trace = {}, 0, {}
  G1, G2, G3 = 1, false, nil
  GT = {p = {}, m = function(self, ...) return 1 end}
  GU = {p = {}, x = 1, m = function(self, ...) return ... end}
end

local function flat(value)
  local kind = type(value)
  if kind == "number" then
    if value ~= value then return "nan" end
    if value == 0 then return "0" end -- and -0
    if value == 1 / 0 then return "inf" end
    if value == -1 / 0 then return "-inf" end
    return string.format("%.14g", value)
  end
  if kind == "string" then
    -- The wording of errors differs, the place does not.
    return string.match(value, "^(c:%d+: attempt)") or string.match(value, "^(c?[:%d]* ?bad argument)") or value
  end
  if kind == "table" or kind == "function" then
    if not numbers[value] then
      count = count + 1
      numbers[value] = string.sub(kind, 1, 1) .. count
    end
    return numbers[value]
  end
  return tostring(value)
end

local function deep(value, depth)
  local text = flat(value)
  if type(value) ~= "table" or depth == 3 then return text end
  local names, byname = {}, {}
  for key in pairs(value) do
    if type(key) == "table" or type(key) == "function" then
      text = text .. "*"
    else
      local name = type(key) .. flat(key)
      names[#names + 1] = name
      byname[name] = key
    end
  end
  table.sort(names)
  for i, name in ipairs(names) do
    local key = byname[name]
    names[i] = flat(key) .. "=" .. deep(value[key], depth + 1)
  end
  return text .. "{" .. table.concat(names, " ") .. "}"
end

-- show gives one line of text for any values, and for what e has written.
function show(...)
  local texts = {}
  for i = 1, select("#", ...) do
    texts[i] = deep((select(i, ...)), 0)
  end
  return table.concat(texts, ",") .. ";" .. table.concat(trace)
end

-- g gives back its arguments, which a compiler cannot know; e also writes down
-- its first one, which is for the order of evaluation.
function g(...) return ... end
function e(mark, ...)
  trace[#trace + 1] = tostring(mark)
  return ...
end

-- These give a value that can be used as a number, key, string, table,
-- function or generator, so that random programs seldom fail.
function n(value) return tonumber(value) or 1 end
function k(value) if value == nil then return "nil" end return value end
function s(value) if type(value) == "string" or type(value) == "table" then return value end return "xx" end
function T(value) if type(value) == "table" then return value end return {value} end
function F(value) if type(value) == "function" then return value end return g end
function it(value)
  local i = 0
  return function()
    i = i + 1
    if i < 3 then return i, value end
  end
end
