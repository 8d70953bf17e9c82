-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- Thirty optional letters.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(30):find(("a?"):rep(30) .. ("a"):rep(30) .. "b")
  end,
}
