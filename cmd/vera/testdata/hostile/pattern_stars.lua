-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- Eight greedy repetitions of everything.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(200):find((".*"):rep(8) .. "b")
  end,
}
