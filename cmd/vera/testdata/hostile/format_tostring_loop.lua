-- expect: 504
--- A __tostring that never returns, in format.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local value = setmetatable({}, {
      __tostring = function()
        while true do
        end
      end,
    })
    local _ = ("%s"):format(value)
  end,
}
