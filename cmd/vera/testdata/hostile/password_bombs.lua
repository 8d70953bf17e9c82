-- expect: 200
-- fields: [true,true,true,true,true]
--- Passwords and digests that nobody has.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local password = require("password")
    return {
      status_code = 200,
      fields = {
        password.hash("") == nil,
        password.hash(("x"):rep(1e6)) == nil,
        password.hash("a\0b") == nil,
        select(2, password.verify("x", "$2a$31$abcdefghijklmnopqrstuuKdQsrTyiyBcUU5Hg0i9xqzGJ7oKw1Hu")) == "cost",
        not pcall(password.hash, {}),
      },
    }
  end,
}
