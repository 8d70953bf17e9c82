-- expect: 504
--- Recursion through pcall, again and again.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local function f()
      return pcall(f)
    end
    while true do
      f()
    end
  end,
}
