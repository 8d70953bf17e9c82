-- expect: 500 within 100ms
-- log: string slice too long: 1000000, the limit is 8000 .fixed.
--- A million results of one call.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = { ("x"):rep(1e6):byte(1, -1) }
  end,
}
