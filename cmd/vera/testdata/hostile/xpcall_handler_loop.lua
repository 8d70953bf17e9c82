-- expect: 504
--- A handler that never returns.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    xpcall(error, function()
      while true do
      end
    end)
  end,
}
