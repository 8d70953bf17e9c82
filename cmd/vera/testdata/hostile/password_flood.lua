-- expect: 504
--- Digests without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local password = require("password")
    while true do
      pcall(password.hash, "correct horse")
    end
  end,
}
