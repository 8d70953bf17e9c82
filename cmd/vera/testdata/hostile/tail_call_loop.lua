-- expect: 504
--- Tail calls without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local function f()
      return f()
    end
    return f()
  end,
}
