-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- An __eq that compares itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local meta = {}
    meta.__eq = function(a, b)
      return not (a == b)
    end
    local a, b = setmetatable({}, meta), setmetatable({}, meta)
    return a == b
  end,
}
