local open = setmetatable({}, { __index = function() return tostring end })

return open
