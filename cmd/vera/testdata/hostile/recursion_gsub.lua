-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- Recursion through Go: gsub calls back.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function f(s)
      return (s:gsub(".", f))
    end
    f("x")
  end,
}
