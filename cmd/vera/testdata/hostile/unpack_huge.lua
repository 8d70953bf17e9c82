-- expect: 500 within 100ms
-- log: too many results to unpack: 1000000000, the limit is 8000 .fixed.
--- A thousand million results.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = { unpack({}, 1, 1e9) }
  end,
}
