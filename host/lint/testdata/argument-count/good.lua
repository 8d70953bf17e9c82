local db = require("db")

local function f() end

return {
  description = "Test",
  fields = {},
  run = function(...)
    db.one("SELECT $1, $2", 1, 2)
    db.one(f())
    string.rep(f())
    string.rep(...)
    string.rep("x", (f()));
    ("x"):rep(3);
    ("x"):gsub("x", "y", 1)
    table.insert({}, 1)
    table.insert({}, 1, 2)
    f(1, 2, 3)
    select("#", ...)
    math.max(1, 2, 3, 4)
    error("no", 0)
    return db.transaction(function(tx)
      tx:exec("SELECT 1")
      tx:transaction(function() end)
      return { status_code = 200 }
    end, { read_only = true })
  end,
}
