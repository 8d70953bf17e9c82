-- expect: 500 within 100ms
-- log: must return a string
--- A __tostring that gives a table.

return {
  description = "Hostile",
  fields = {},
  run = function()
    tostring(setmetatable({}, {
      __tostring = function()
        return {}
      end,
    }))
  end,
}
