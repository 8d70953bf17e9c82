-- expect: 500 within 100ms
-- log: string slice too long
--- A million results of one call.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = { ("x"):rep(1e6):byte(1, -1) }
  end,
}
