-- expect: 500 within 500ms
-- log: overflow
--- The stack filled with eight thousand values at each level.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for i = 1, 7999 do
      t[i] = i
    end
    local function f(...)
      return 1 + f(unpack(t))
    end
    f()
  end,
}
