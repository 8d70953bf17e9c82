-- expect: 504
--- A loop whose end is infinity.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    for _ = 1, math.huge do
    end
  end,
}
