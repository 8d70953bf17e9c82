-- expect: 500
-- log: too many values.*the limit is 100000 .fixed.
--- A list of one table that is empty, but was long: each time it is met, a million places are looked at.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local emptied, list = {}, {}
    emptied[1048574] = 1
    emptied[1048574] = nil
    for i = 1, 99000 do
      list[i] = emptied
    end
    require("json").encode(list)
  end,
}
