-- expect: 404
-- log: file_memory.lua.*(heap passed its limit|ran for more than 2s)
--- Nor one that fills the memory instead.

local t = {}
while true do
  t = { t }
end
