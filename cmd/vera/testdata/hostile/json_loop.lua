-- expect: 504
--- A megabyte read and written for ever.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local json = require("json")
    local text = "[" .. ("1,"):rep(9e4) .. "1]"
    while true do
      text = json.encode(json.decode(text))
    end
  end,
}
