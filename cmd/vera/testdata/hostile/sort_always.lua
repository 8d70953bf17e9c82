-- expect: 200 within 200ms
-- fields: 1000
--- A comparator for which everything is less.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for i = 1, 1000 do
      t[i] = (i * 7919) % 1000
    end

    table.sort(t, function()
      return true
    end)
    return { status_code = 200, fields = #t }
  end,
}
