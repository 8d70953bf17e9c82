-- expect: 500 within 500ms
-- log: string too long: 1048676 bytes, the limit is 1048576 .MAX_STRING_BYTES.
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
