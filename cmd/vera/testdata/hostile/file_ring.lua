-- expect: 404
-- log: file_ring.lua.*contains itself
--- Nor one whose fields contain themselves.

local fields = {}
fields.fields = fields

return {
  description = "Hostile",
  fields = fields,
  run = function() end,
}
