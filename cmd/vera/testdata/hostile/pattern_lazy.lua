-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- Twenty lazy repetitions.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(40):find(("a-"):rep(20) .. "b")
  end,
}
