-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- An __index that asks for itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t
    t = setmetatable({}, {
      __index = function(_, key)
        return t[key] .. ""
      end,
    })
    return t.x
  end,
}
