-- Globals that the cases of golden.lua use, in Lua 5.1 and in TestGolden.

function same(...) return ... end

function all(s, pattern)
  local found = {}
  for a, b in string.gmatch(s, pattern) do
    found[#found + 1] = tostring(a) .. ":" .. tostring(b)
  end
  return table.concat(found, ";")
end

function count(iterate, state, key)
  local n = 0
  for _ in iterate, state, key do n = n + 1 end
  return n
end

function join(...)
  local parts = { ... }
  for i = 1, #parts do parts[i] = "<" .. parts[i] .. ">" end
  return table.concat(parts)
end

function more(a, b) return a > b end

REPLACE = { a = "1", b = 2, c = false, ab = "x" }
INDEXED = setmetatable({}, { __index = function(_, key) return "{" .. key .. "}" end })

EVERY = ""
for i = 0, 255 do EVERY = EVERY .. string.char(i) end
