-- expect: 504
--- A table that grows while it is walked over.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local t = { 1 }
    for key in pairs(t) do
      t[key + 1] = 1
    end
    while true do
      for key in pairs(t) do
        t[key] = nil
      end
    end
  end,
}
