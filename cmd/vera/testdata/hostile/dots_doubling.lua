-- expect: 500
-- log: string too long: 2097152 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- Twice as long with every concatenation.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local s = "x"
    while true do
      s = s .. s
    end
  end,
}
