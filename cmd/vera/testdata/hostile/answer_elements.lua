-- expect: 500
-- log: too many values.*the limit is 1000000 .MAX_RESPONSE_ELEMENTS.
--- A million elements and one.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local row, t = {}, {}
    for i = 1, 1000 do
      row[i] = 0
    end
    for i = 1, 1001 do
      t[i] = row
    end
    return { status_code = 200, fields = t }
  end,
}
