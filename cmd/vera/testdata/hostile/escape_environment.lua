-- expect: 200 within 100ms
-- fields: [true]
--- Everything that a run knows, overwritten.

return {
  description = "Hostile",
  fields = {},
  run = function()
    string, table, math, require, pairs, ipairs = {}, {}, {}, 1, 1, 1
    pcall, error, type, tostring, setmetatable, _VERSION = false, false, false, false, false, false
    leaked = "global"
    return { status_code = 200, fields = { not pcall and string.rep == nil } }
  end,
}
