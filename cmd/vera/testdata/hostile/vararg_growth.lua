-- expect: 500
-- log: action failed.*overflow
--- More arguments at each call.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local function f(...)
      return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, ...)
    end
    f()
  end,
}
