-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true]
--- Amounts of random bytes that nobody needs.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local crypto = require("crypto")
    local results = {}
    for i, n in ipairs({ 1e9, 1e300, math.huge, 0 / 0, -1, 0, 1.5 }) do
      results[i] = not pcall(crypto.random, n)
    end
    return { status_code = 200, fields = results }
  end,
}
