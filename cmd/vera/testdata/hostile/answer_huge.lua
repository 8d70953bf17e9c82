-- expect: 500
-- log: too long, the limit is 8388608 .MAX_RESPONSE_BYTES.
--- More than MAX_RESPONSE_BYTES.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t = {}
    for i = 1, 9 do
      t[i] = ("x"):rep(1e6)
    end
    return { status_code = 200, fields = t }
  end,
}
