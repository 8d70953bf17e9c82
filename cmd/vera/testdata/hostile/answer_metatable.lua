-- expect: 500 within 100ms
-- log: status_code
--- An answer that is only there if it is asked for.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return setmetatable({}, {
      __index = function()
        while true do
        end
      end,
    })
  end,
}
