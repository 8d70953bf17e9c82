-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- A parenthesis that is never closed, from each of them.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("("):rep(1e6):find("%b()")
  end,
}
