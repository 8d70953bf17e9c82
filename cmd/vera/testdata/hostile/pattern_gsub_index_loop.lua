-- expect: 504
--- A table of replacements whose __index never returns.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local _ = ("x"):gsub("x", setmetatable({}, {
      __index = function()
        while true do
        end
      end,
    }))
  end,
}
