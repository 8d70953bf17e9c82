-- expect: 404
-- log: file_no_table.lua.*must return a table
--- Nor one that is nothing.

return nil
