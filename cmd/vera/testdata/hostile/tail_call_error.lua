-- expect: 500
-- log: at the end
--- An error below a hundred thousand tail calls.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local function f(n)
      if n == 0 then
        error("at the end")
      end
      return f(n - 1)
    end
    return f(1e5)
  end,
}
