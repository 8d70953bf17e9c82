-- expect: 404
-- log: file_pattern_size.lua.*invalid repeat count
--- Nor one whose pattern would take gigabytes.

return {
  description = "Hostile",
  fields = { a = { type = "string", description = "A", pattern = "((a{100}){100}){100}" } },
  run = function() end,
}
