-- expect: 500
-- log: too many values.*the limit is 100000 .fixed.
--- The same with names: a table keeps a place for each that it ever had.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local emptied, list = { kept = 1 }, {}
    for i = 1, 1e5 do
      emptied["name" .. i] = 1
    end
    for i = 1, 1e5 do
      emptied["name" .. i] = nil
    end
    for i = 1, 99000 do
      list[i] = emptied
    end
    require("json").encode(list)
  end,
}
