-- expect: 504
--- A replacement that never comes.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local _ = ("x"):gsub("x", function()
      while true do
      end
    end)
  end,
}
