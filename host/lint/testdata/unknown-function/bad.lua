local crypto = require("crypto")
local db = require("db")
local jwt = require("jwt")
local tokens = require("lib.tokens")

return {
  description = "Test",
  fields = { name = { type = "string", description = "x" } },
  run = function(fields)
    db.on("SELECT 1")
    crypto.hex.encod("x")
    string.repp("x", 3)
    local one = db.first
    tokens.raed("x")
    local name = fields.name:uper() .. ("x"):foo()
    local text = string.format("%s", name)
    text:trim()
    return db.transaction(function(tx)
      tx:onee("SELECT 1")
      return { status_code = 200, fields = { one, text, jwt.veryfy("x") } }
    end)
  end,
}
