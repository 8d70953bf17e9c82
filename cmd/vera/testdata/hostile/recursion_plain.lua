-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- A function that calls itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function f()
      return 1 + f()
    end
    f()
  end,
}
