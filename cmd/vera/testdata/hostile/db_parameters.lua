-- expect: 200
-- fields: [true,true,true,true,true,true]
--- Parameters that are none.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local db = require("db")
    local ring = {}
    ring.ring = ring
    local many = {}
    for i = 1, 7000 do
      many[i] = i
    end
    return {
      status_code = 200,
      fields = {
        not pcall(db.one, "SELECT $1::int", function() end),
        not pcall(db.one, "SELECT $1::int", 0 / 0),
        not pcall(db.one, "SELECT $1::text", "\0"),
        not pcall(db.one, "SELECT $1::text", "\255"),
        not pcall(db.one, "SELECT $1::json", ring),
        not pcall(db.one, "SELECT 1", unpack(many)),
      },
    }
  end,
}
