-- Random expressions and programs, the same ones each time.

local seed = 1
local function random(limit)
  seed = (seed * 16807) % 2147483647
  return seed % limit + 1
end
local function pick(list) return list[random(#list)] end
local function chance(percent) return random(100) <= percent end

-- Boolean expressions over a, b, c, a table t and calls, in every place that
-- an expression can stand in.

local function boolean(depth)
  if depth == 0 or chance(15) then
    return pick{"a", "b", "c", "r", "t.k", "t.none", "g(a)", "g(b)", "g(nil)", "g()", "true", "false", "nil", "1", "'s'"}
  end
  local kind = random(10)
  if kind <= 4 then return boolean(depth - 1) .. " and " .. boolean(depth - 1) end
  if kind <= 7 then return boolean(depth - 1) .. " or " .. boolean(depth - 1) end
  if kind == 8 then return "(" .. boolean(depth - 1) .. ")" end
  if kind == 9 then return "not (" .. boolean(depth - 1) .. ")" end
  return "(" .. boolean(depth - 1) .. ") == (" .. boolean(depth - 1) .. ")"
end

local forms = {
  "local x = E return x",
  "r = E return r",
  "r = (E) and r return r",
  "r = r and E return r",
  "r, a = E, E return r, a",
  "t.k = E return t.k",
  "t.k, r = E, E return t.k, r",
  "if E then return 1 else return 2 end",
  "while E do return 1 end return 2",
  "local i = 0 repeat i = i + 1 local a = i > 2 until i == 4 or E return i",
  "return (E), {E, x = E}",
  "return g(E, E)",
  "local function f() r = E end f() return r",
  "local function f(r) r = E return r end return f(b), r",
  "for i = 1, 2 do r = E end return r",
  "G1 = E return G1",
}

local function booleans(cases)
  for i = 1, 3200 do
    local form = forms[(i - 1) % #forms + 1]
    local values = {"true", "false", "nil", "0", "'x'"}
    cases[#cases + 1] = "local a, b, c, r = " .. pick(values) .. ", " .. pick(values) .. ", " .. pick(values) ..
      ", " .. pick(values) .. " local t = {k = " .. pick(values) .. "} " ..
      string.gsub(form, "E", function() return boolean(1 + random(3)) end)
  end
end

-- Programs of all kinds of statements. Locals named t and u hold tables.

local scope, outer, vararg, marks, loops
local expr, block

local function copy(list)
  return {unpack(list)}
end

local function istable(name) return name == "t" or name == "u" end

local function variable()
  for _ = 1, 3 do
    local name
    if #scope > 0 and chance(65) then
      name = pick(scope)
    elseif #outer > 0 and chance(50) then
      name = pick(outer)
    end
    if name and not istable(name) then return name end
  end
  return pick{"G1", "G2", "G3"}
end

local function tables(names)
  local found = {}
  for _, name in ipairs(names) do
    if istable(name) then found[#found + 1] = name end
  end
  return found
end

local function tablevariable()
  local own, captured = tables(scope), tables(outer)
  if #own > 0 and chance(70) then return pick(own) end
  if #captured > 0 and chance(70) then return pick(captured) end
  return pick{"GT", "GU"}
end

local function tableexpr(depth)
  local kind = random(7)
  if kind <= 2 then return tablevariable() end
  if kind == 3 then return "(" .. expr(depth - 1) .. " and " .. tablevariable() .. " or " .. tablevariable() .. ")" end
  if kind == 4 then return expr(depth - 1) .. " and " .. tablevariable() .. " or " .. tablevariable() end
  if kind == 5 then return "T(" .. expr(depth - 1) .. ")" end
  return "{x = " .. expr(depth - 1) .. ", " .. expr(depth - 1) .. "}"
end

local function object(depth)
  if depth <= 0 or chance(70) then return tablevariable() end
  return pick{tablevariable() .. ".p", "T(" .. expr(depth - 1) .. ")"}
end

local function index(depth)
  if chance(60) then return "." .. pick{"x", "y", "p"} end
  return "[k(" .. expr(depth - 1) .. ")]"
end

local function list(length, make)
  local items = {}
  for i = 1, length do items[i] = make(i) end
  return table.concat(items, ", ")
end

local function exprs(length, depth)
  return list(length, function() return expr(depth) end)
end

-- func gives a function from its parameters on.
local function func(depth)
  local saved = {scope, outer, vararg}
  outer = copy(outer)
  for _, name in ipairs(scope) do outer[#outer + 1] = name end
  scope = {}
  for i = 1, random(4) - 1 do scope[i] = pick{"a", "b", "c", "x"} end
  vararg = chance(30)
  local parameters = copy(scope)
  if vararg then parameters[#parameters + 1] = "..." end
  local text = "(" .. table.concat(parameters, ", ") .. ") " .. block(random(3), depth - 1)
  if chance(70) then text = text .. " return " .. exprs(random(3), 1) end
  scope, outer, vararg = unpack(saved)
  return text .. " end"
end

local function call(depth)
  local arguments = exprs(random(4) - 1, depth - 1)
  local kind = random(12)
  if kind <= 4 then
    marks = marks + 1
    return "e(" .. marks .. (arguments == "" and "" or ", ") .. arguments .. ")"
  end
  if kind <= 6 then return "g(" .. arguments .. ")" end
  if kind == 7 then return "F(" .. expr(depth - 1) .. ")(" .. arguments .. ")" end
  if kind == 8 then return pick{"GT", "GU"} .. ":m(" .. arguments .. ")" end
  if kind == 9 then return "(function" .. func(depth) .. ")(" .. arguments .. ")" end
  if kind == 10 then return "pcall(" .. expr(depth - 1) .. ", " .. expr(depth - 1) .. ")" end
  if kind == 11 then return "pcall(function" .. func(depth) .. ")" end
  return "xpcall(function" .. func(depth) .. ", function" .. func(depth) .. ")"
end

local function constructor(depth)
  return "{" .. list(random(4) - 1, function()
    return pick{"", "", "x = ", "[k(" .. expr(depth - 1) .. ")] = "} .. expr(depth - 1)
  end) .. "}"
end

local function number(depth) return "n(" .. expr(depth - 1) .. ")" end

function expr(depth)
  if depth <= 0 then
    if chance(60) then return variable() end
    return pick{"nil", "true", "false", "1", "2", "'a'", "0"}
  end
  local kind = random(22)
  if kind <= 4 then return expr(0) end
  if kind <= 8 then return "(" .. expr(depth - 1) .. pick{" and ", " or "} .. expr(depth - 1) .. ")" end
  if kind <= 10 then return expr(depth - 1) .. pick{" and ", " or "} .. expr(depth - 1) end
  if kind == 11 then return "not " .. expr(0) end
  if kind == 12 then return "(" .. expr(depth - 1) .. pick{" == ", " ~= "} .. expr(depth - 1) .. ")" end
  if kind == 13 then return number(depth) .. pick{" < ", " <= ", " > ", " >= ", " + ", " - ", " * "} .. number(depth) end
  if kind == 14 then return "-" .. number(depth) end
  if kind <= 16 then return call(depth) end
  if kind == 17 then return "(" .. call(depth) .. ")" end
  if kind == 18 then return constructor(depth) end
  if kind <= 20 then return object(depth) .. index(depth) end
  if kind == 21 then return pick{"function" .. func(depth), tableexpr(depth)} end
  if vararg then return pick{"...", "(...)", "select('#', ...)"} end
  return "#s(" .. expr(depth - 1) .. ")"
end

local function assignment(depth)
  local targets, values = {}, {}
  for i = 1, pick{1, 1, 1, 2, 2, 3} do
    local own = tables(scope)
    if chance(55) then
      targets[i] = variable()
    elseif #own > 0 and chance(40) then
      -- Of the own function only: whether a function that changes t is called
      -- before or after t.x looks at t is undefined.
      targets[i] = pick(own)
    else
      targets[i] = object(depth) .. index(depth)
    end
  end
  for i = 1, pick{1, 1, 1, 2, 2, 3} do values[i] = expr(depth) end
  for i, target in ipairs(targets) do
    if istable(target) then
      for j = #values + 1, i do values[j] = expr(depth) end
      values[i] = tableexpr(depth)
    end
  end
  return table.concat(targets, ", ") .. " = " .. table.concat(values, ", ") .. ";"
end

local function declaration(depth)
  local names, values = {}, {}
  for i = 1, random(3) do names[i] = pick{"a", "b", "c", "x"} end
  for i = 1, random(3) do values[i] = expr(depth) end
  if chance(30) then
    names[1], values[1] = pick{"t", "u"}, tableexpr(depth)
  end
  for _, name in ipairs(names) do scope[#scope + 1] = name end
  return "local " .. table.concat(names, ", ") .. " = " .. table.concat(values, ", ") .. ";"
end

local function loop(depth)
  loops = loops + 1
  local i = "i" .. loops
  local count = "local " .. i .. " = 0; "
  local step = i .. " = " .. i .. " + 1; "
  local kept = #scope
  local kind = random(4)
  local text
  if kind == 1 then
    text = count .. "while " .. i .. " < 3 and (" .. expr(depth) .. ") do " .. step .. block(random(3), depth - 1) ..
      (chance(30) and " if " .. expr(1) .. " then break end" or "") .. " end"
  elseif kind == 2 then
    text = count .. "repeat " .. step .. block(random(3), depth - 1, true)
    text = text .. " until " .. i .. " > 2 or (" .. expr(depth) .. ")"
  elseif kind == 3 then
    text = "for b = " .. number(depth) .. ", " .. number(depth) .. (chance(30) and ", 1" or "") .. " do "
    scope[#scope + 1] = "b"
    text = text .. block(random(2), depth - 1) .. " end"
  else
    text = "for a, b in it(" .. expr(depth) .. ") do "
    scope[#scope + 1] = "a"
    scope[#scope + 1] = "b"
    text = text .. block(random(2), depth - 1) .. (chance(20) and " break" or "") .. " end"
  end
  for j = #scope, kept + 1, -1 do scope[j] = nil end
  return text
end

local function statement(depth)
  local kind = random(24)
  if kind <= 5 then return declaration(depth) end
  if depth <= 0 or kind <= 13 then return assignment(depth) end
  if kind <= 15 then
    return "if " .. expr(depth) .. " then " .. block(random(2), depth - 1) ..
      (chance(40) and " elseif " .. expr(depth) .. " then " .. block(1, depth - 1) or "") ..
      (chance(40) and " else " .. block(1, depth - 1) or "") .. " end"
  end
  if kind == 16 then return call(depth) .. ";" end
  if kind == 17 then return "do " .. block(random(3), depth - 1) .. " end" end
  if kind <= 21 then return loop(depth) end
  if kind == 22 then
    local name = pick{"a", "f"}
    scope[#scope + 1] = name
    return "local function " .. name .. func(depth)
  end
  if kind == 23 then
    return "function " .. pick{variable(), tablevariable() .. pick{".x", ":y", ".p.y"}} .. func(depth)
  end
  return "if " .. expr(depth) .. " then " .. pick{"error(" .. expr(depth) .. ")", "local z = nil; z.x = 1"} .. " end"
end

function block(length, depth, keep)
  local kept = #scope
  local statements = {}
  for i = 1, length do statements[i] = statement(depth) end
  if not keep then
    for i = #scope, kept + 1, -1 do scope[i] = nil end
  end
  return table.concat(statements, " ")
end

local function programs(cases)
  for _ = 1, 600 do
    scope, outer, vararg, marks, loops = {"a", "b", "t"}, {}, true, 0, 0
    local source = "local a, b = " .. pick{"1", "nil", "false", "'x'"} .. ", " .. pick{"1", "nil", "{}"} ..
      " local t = {p = {}}; " .. block(1 + random(3), 2, true)
    cases[#cases + 1] = source .. " return " .. table.concat(scope, ", ") .. ", G1, G2, G3, GT, GU"
  end
end

return function(cases)
  booleans(cases)
  programs(cases)
end
