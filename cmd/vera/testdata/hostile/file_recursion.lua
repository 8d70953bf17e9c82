-- expect: 404
-- log: file_recursion.lua.*stack overflow
--- Nor one that calls itself.

local function f()
  return 1 + f()
end

return f()
