-- expect: 500 within 100ms
-- log: a table was raised
--- An error whose every metamethod is a loop.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function forever()
      while true do
      end
    end
    error(setmetatable({}, {
      __index = forever, __tostring = forever, __call = forever, __concat = forever, __eq = forever, __len = forever,
    }))
  end,
}
