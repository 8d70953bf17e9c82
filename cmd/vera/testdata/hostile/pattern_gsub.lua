-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- A gsub that tries every way for each letter.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(1e5):gsub("a*b", "")
  end,
}
