-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- A __call that calls itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t
    t = setmetatable({}, {
      __call = function()
        return 1 + t()
      end,
    })
    t()
  end,
}
