-- expect: 504
--- A loop in xpcall and in its handler.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    while true do
      xpcall(function()
        while true do
        end
      end, function()
        while true do
        end
      end)
    end
  end,
}
