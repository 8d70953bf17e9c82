-- expect: 500 within 100ms
-- log: attempt to compare
--- What cannot be compared.

return {
  description = "Hostile",
  fields = {},
  run = function()
    table.sort({ 1, "x", {}, true })
  end,
}
