-- expect: 500
-- log: heap passed its limit
--- Names without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t, prefix = {}, ("x"):rep(1000)
    for i = 1, math.huge do
      t[prefix .. i] = true
    end
  end,
}
