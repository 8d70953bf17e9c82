-- expect: 404
-- log: file_raises.lua
--- Nor one that raises.

error({ code = "not served" })
