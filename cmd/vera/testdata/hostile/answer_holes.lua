-- expect: 500
-- log: holes
--- An array with holes.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 200, fields = { 1, nil, 3 } }
  end,
}
