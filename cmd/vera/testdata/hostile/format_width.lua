-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true]
--- Widths and precisions beyond two digits.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local results = {}
    for i, template in ipairs({
      "%999999999d", "%.999999999f", "%100d", "%0100d", "%-100s", "%.100f", "%99.1000000000e",
    }) do
      results[i] = not pcall(string.format, template, 1)
    end
    return { status_code = 200, fields = results }
  end,
}
