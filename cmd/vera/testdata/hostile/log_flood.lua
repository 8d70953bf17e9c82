-- expect: 504
-- log: the run logs too many lines, the rest is left out.*LogFlood
--- As many lines as fit into the time.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.5,
  run = function()
    local log = require("log")
    while true do
      log.error("the same line again")
    end
  end,
}
