-- expect: 504
--- A comparator that never returns.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    table.sort({ 3, 2, 1 }, function()
      while true do
      end
    end)
  end,
}
