-- expect: 504
--- Loops under fifty levels of pcall, each of which goes on.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local function nest(depth)
      if depth == 0 then
        while true do
        end
      end
      pcall(nest, depth - 1)
      while true do
      end
    end
    nest(50)
  end,
}
