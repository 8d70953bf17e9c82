-- expect: 504
--- A loop without a body.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    while true do
    end
  end,
}
