-- expect: 500 within 1s
-- log: string too long: 1048577 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- Twice as long with every gsub.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local s = "x"
    while true do
      s = s:gsub(".", "%0%0")
    end
  end,
}
