-- expect: 500 within 100ms
-- log: string too long: 1000000000000 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- More bytes than the machine has.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("x"):rep(1e12)
  end,
}
