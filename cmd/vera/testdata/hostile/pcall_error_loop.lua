-- expect: 504
--- Errors without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    while true do
      pcall(error, { "x" })
    end
  end,
}
