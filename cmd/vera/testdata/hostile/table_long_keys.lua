-- expect: 500
-- log: heap passed its limit
--- Long names, set and taken away: a table keeps them.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t = {}
    for i = 1, math.huge do
      local key = ("x"):rep(1e4) .. i
      t[key] = true
      t[key] = nil
    end
  end,
}
