-- expect: 200 within 100ms
-- fields: [true]
--- A module that another action loads too.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local shared = require("lib.shared")
    shared.leaked = 1
    shared.list[1] = "leaked"
    shared.answer = function() return "leaked" end
    return { status_code = 200, fields = { require("lib.shared") == shared } }
  end,
}
