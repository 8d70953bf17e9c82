-- expect: 504
--- An array moved for each element.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local t = {}
    while true do
      table.insert(t, 1, true)
    end
  end,
}
