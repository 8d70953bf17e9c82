-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- A __tostring that asks for itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local value
    value = setmetatable({}, {
      __tostring = function()
        return tostring(value)
      end,
    })
    tostring(value)
  end,
}
