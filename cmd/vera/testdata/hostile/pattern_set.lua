-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- A set of a hundred thousand letters, for each of a hundred thousand.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(1e5):find("[^" .. ("b"):rep(1e5) .. "]c")
  end,
}
