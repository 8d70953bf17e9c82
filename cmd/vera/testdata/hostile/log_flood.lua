-- expect: 504
--- As many lines as fit into the time.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local log = require("log")
    while true do
      log.error("the same line again")
    end
  end,
}
