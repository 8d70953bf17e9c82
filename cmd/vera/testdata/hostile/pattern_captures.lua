-- expect: 500 within 200ms
-- log: too many captures|pattern too complex
--- A thousand captures.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(1e3):find(("(a)"):rep(1e3))
  end,
}
