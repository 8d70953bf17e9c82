-- expect: 500 within 100ms
-- log: the comparator gives up
--- A comparator that raises.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for i = 1, 1000 do
      t[i] = (i * 7919) % 1000
    end

    table.sort(t, function()
      error("the comparator gives up")
    end)
  end,
}
