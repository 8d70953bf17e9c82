-- expect: 500 within 500ms
-- log: string too long
--- Four thousand directives of four hundred bytes each.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local values = {}
    for i = 1, 4000 do
      values[i] = 1e308
    end
    local _ = string.format(("%99.99f"):rep(#values), unpack(values))
  end,
}
