-- expect: 500 within 200ms
-- log: pattern too complex: .*the limit is .* .MAX_PATTERN_STEPS.
--- What was captured, looked for again at each length.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("a"):rep(1e5):find("(.*)%1b")
  end,
}
