-- expect: 404
-- log: file_laughs.lua.*too many values
--- Nor one whose sixty tables stand for 2^60 fields.

local fields = {}
for _ = 1, 60 do
  fields = { a = fields, b = fields }
end

return {
  description = "Hostile",
  fields = fields,
  run = function() end,
}
