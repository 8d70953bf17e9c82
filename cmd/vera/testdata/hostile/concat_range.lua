-- expect: 500 within 100ms
-- log: invalid value
--- A range of elements that no table has.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = table.concat({}, "", 1, 2 ^ 53)
  end,
}
