-- expect: 504
--- A loop in pcall in a loop.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    while true do
      pcall(function()
        while true do
        end
      end)
    end
  end,
}
