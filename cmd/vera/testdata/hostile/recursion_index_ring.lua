-- expect: 500 within 100ms
-- log: too many recursions in gettable.*traceback.*recursion_index_ring
--- Two tables, each the other's __index.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local a, b = {}, {}
    setmetatable(a, { __index = b })
    setmetatable(b, { __index = a })
    return a.x
  end,
}
