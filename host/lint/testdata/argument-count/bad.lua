local crypto = require("crypto")
local db = require("db")
local time = require("time")

local function f() end

return {
  description = "Test",
  fields = {},
  run = function()
    db.one()
    tostring()
    tostring(1, 2)
    string.rep("x")
    setmetatable({})
    local text = ("x"):rep()
    text:sub(1, 2, 3)
    time.now(1)
    table.insert({}, 1, 2, 3)
    crypto.hmac_sha256("key", f(), "more")
    return db.transaction(function(tx)
      tx:exec()
      tx:rollback(1)
      return { status_code = 200 }
    end)
  end,
}
