-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true]
--- Times that no calendar has.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local time = require("time")
    return {
      status_code = 200,
      fields = {
        not pcall(time.format, 1e300),
        not pcall(time.format, -1e300),
        not pcall(time.format, 0 / 0),
        not pcall(time.format, math.huge),
        not pcall(time.format, 2 ^ 53),
        time.parse(("9"):rep(1e6)) == nil,
        time.parse("9999-99-99T99:99:99Z") == nil,
        time.parse("") == nil,
      },
    }
  end,
}
