-- expect: 404
-- log: file_metatable.lua.*description: is required
--- Nor one whose table only pretends.

return setmetatable({}, {
  __index = function()
    while true do
    end
  end,
})
