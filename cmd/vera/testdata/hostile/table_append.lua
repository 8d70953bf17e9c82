-- expect: 500
-- log: heap passed its limit
--- An array without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t = {}
    for i = 1, math.huge do
      t[#t % 1000000 + 1] = { i, t }
      t = { t, i }
    end
  end,
}
