-- expect: 500
-- log: string too long: 2000000 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- A thousand elements of a megabyte.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for i = 1, 1000 do
      t[i] = t[1] or ("x"):rep(1e6)
    end
    local _ = table.concat(t)
  end,
}
