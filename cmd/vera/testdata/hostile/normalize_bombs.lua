-- expect: 200 within 500ms
-- fields: [true,true,true,true,true,true,true,true,true]
--- Numbers, addresses and names of a megabyte.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local phone, email, username = require("phone"), require("email"), require("username")
    return {
      status_code = 200,
      fields = {
        phone.normalize(("9"):rep(1e6)) == nil,
        phone.normalize(("+"):rep(1e6)) == nil,
        phone.normalize("12125551234", ("x"):rep(1e6)) == nil,
        email.normalize(("x"):rep(1e6) .. "@example.com") == nil,
        email.normalize(("@"):rep(1e6)) == nil,
        email.normalize("x@" .. ("a."):rep(4e5) .. "com") == nil,
        username.normalize(("x"):rep(1e6)) == nil,
        username.normalize(("\204\129"):rep(5e5)) == nil,
        username.normalize("\255\254") == nil,
      },
    }
  end,
}
