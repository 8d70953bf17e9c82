-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true,true,true]
--- Library tables, changed by every way there is.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    return {
      status_code = 200,
      fields = {
        refused(function() string.leaked = 1 end),
        refused(function() string.rep = nil end),
        refused(rawset, string, "leaked", 1),
        refused(setmetatable, math, {}),
        refused(table.insert, table, 1),
        refused(table.remove, table),
        refused(table.sort, table),
        type(getmetatable(string)) ~= "table",
        rawget(string, "leaked") == nil,
        string.leaked == nil and type(string.rep) == "function",
      },
    }
  end,
}
