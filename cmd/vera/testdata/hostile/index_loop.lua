-- expect: 504
--- An __index that never returns.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local t = setmetatable({}, {
      __index = function()
        while true do
        end
      end,
    })
    return t.x
  end,
}
