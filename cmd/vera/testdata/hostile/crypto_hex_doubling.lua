-- expect: 500
-- log: string too long: 2000000 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- Twice as long with every encoding.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local hex = require("crypto").hex
    local s = ("x"):rep(1e6)
    for _ = 1, 11 do
      s = hex.encode(s)
    end
    return { status_code = 200, fields = #s }
  end,
}
