-- expect: 404
-- log: file_pattern.lua.*error parsing regexp: missing closing
--- Nor one whose pattern is no pattern.

return {
  description = "Hostile",
  fields = { a = { type = "string", description = "A", pattern = ("("):rep(1e5) } },
  run = function() end,
}
