-- expect: 500
-- log: the statement is too long: 1000009 bytes, the limit is 65536 .fixed.
--- A megabyte of a statement, which each connection would keep.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local db = require("db")
    for i = 1, 1000 do
      db.one("SELECT " .. i % 10 .. "/*" .. ("x"):rep(999997) .. "*/")
    end
  end,
}
