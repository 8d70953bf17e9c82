-- expect: 500 within 200ms
-- log: too many captures: 33, the limit is 32 .fixed.
--- A thousand captures.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(1e3):find(("(a)"):rep(1e3))
  end,
}
