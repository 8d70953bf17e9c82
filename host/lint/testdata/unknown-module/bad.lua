return {
  description = "Test",
  fields = {},
  run = function()
    local dbb = require("dbb")
    local tokens = require "lib.token"
    local path = require("lib/tokens")
    return { status_code = 200, fields = { dbb, tokens, path } }
  end,
}
