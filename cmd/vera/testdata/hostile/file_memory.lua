-- expect: 404
-- log: file_memory.lua
--- Nor one that fills the memory instead.

local t = {}
while true do
  t = { t }
end
