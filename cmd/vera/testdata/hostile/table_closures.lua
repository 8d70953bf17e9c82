-- expect: 500
-- log: heap passed its limit
--- Functions that hold on to each other.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local f
    while true do
      local before = f
      f = function()
        return before
      end
    end
  end,
}
