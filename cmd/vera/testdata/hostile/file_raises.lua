-- expect: 404
-- log: file_raises.lua.*a table was raised
--- Nor one that raises.

error({ code = "not served" })
