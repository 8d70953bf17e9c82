-- expect: 200 within 500ms
-- fields: [true,true,true,true,true,true,true]
--- Texts that take more than they are.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local json = require("json")
    return {
      status_code = 200,
      fields = {
        json.decode(("["):rep(1e6)) == nil,
        json.decode(("["):rep(5e5) .. ("]"):rep(5e5)) == nil,
        json.decode(('{"a":'):rep(2e5)) == nil,
        json.decode("[" .. ("[],"):rep(3e5) .. "1]") == nil,
        json.decode("1" .. ("0"):rep(1e6 - 1)) == nil,
        json.decode("1e999999999") == nil,
        json.decode('"' .. ("\\"):rep(1e6 - 1)) == nil,
      },
    }
  end,
}
