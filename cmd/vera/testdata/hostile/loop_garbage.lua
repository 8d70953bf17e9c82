-- expect: 504
--- Megabytes of garbage as fast as they can be made.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    while true do
      local _ = ("x"):rep(1e6)
    end
  end,
}
