return {
  description = "Test",
  fields = { email = { type = "string", description = "x" } },
  run = function(fields)
    local helper = require("lib.good_helper")
    helper[fields.email](fields)
    return { status_code = 200, fields = { fields.made, fields.emaill } }
  end,
}
