-- expect: 200 within 500ms
-- fields: [true,true,true,true]
--- Lines of a megabyte, of many attributes, of a ring.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local log = require("log")
    local many, ring = {}, {}
    for i = 1, 1e4 do
      many["attribute" .. i] = ("x"):rep(50)
    end
    ring.ring = ring
    return {
      status_code = 200,
      fields = {
        pcall(log.info, ("x"):rep(1e6)),
        pcall(log.info, "many", many),
        not pcall(log.info, "ring", ring),
        not pcall(log.info, "function", { f = error }),
      },
    }
  end,
}
