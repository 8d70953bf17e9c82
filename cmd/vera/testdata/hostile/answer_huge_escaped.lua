-- expect: 500
-- log: too long, the limit is 8388608 .MAX_RESPONSE_BYTES.
--- Text that grows sixfold when it is written.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t = {}
    for i = 1, 2 do
      t[i] = ("\1"):rep(1e6)
    end
    return { status_code = 200, fields = t }
  end,
}
