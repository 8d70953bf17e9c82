---@meta uuid

--- UUIDs as lower-case text.
local uuid = {}

--- A random UUID.
---@return string
function uuid.v4() end

--- A UUID that sorts by the time it was made; good for primary keys.
---@return string
function uuid.v7() end

return uuid
