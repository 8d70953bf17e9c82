-- expect: 404
-- log: file_reaches_out.lua.*cannot be called while the file is loaded
--- Nor one that reaches outside while it is loaded.

require("db").exec("SELECT 1")

return {
  description = "Hostile",
  fields = {},
  run = function() end,
}
