-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- A lazy capture over a megabyte, from each of its places.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(1e6):match("(a-)b")
  end,
}
