-- expect: 200 within 500ms
-- fields: [true,true,true,true,true,true,true,true]
--- Claims and tokens that nobody has.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local jwt = require("jwt")
    local ring = {}
    ring.ring = ring
    local tree = {}
    for _ = 1, 60 do
      tree = { a = tree, b = tree }
    end
    return {
      status_code = 200,
      fields = {
        not pcall(jwt.sign, { big = ("x"):rep(1e6) }),
        not pcall(jwt.sign, ring),
        not pcall(jwt.sign, tree),
        not pcall(jwt.sign, { exp = 0 / 0 }),
        not pcall(jwt.sign, { exp = 1e300 }),
        not pcall(jwt.sign, { f = error }),
        jwt.verify(("."):rep(1e6)) == nil,
        jwt.verify(("x"):rep(1e6)) == nil,
      },
    }
  end,
}
