-- expect: 200 within 200ms
-- fields: true
--- A comparator that takes the table apart.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for i = 1, 1000 do
      t[i] = (i * 7919) % 1000
    end

    table.sort(t, function(a, b)
      for i = #t, 1, -1 do
        t[i] = nil
      end
      return a < b
    end)
    return { status_code = 200, fields = #t <= 1000 }
  end,
}
