local db = require("db")
local later = require("lib.good_later")
local open = require("lib.good_open")
local tokens = require("lib.tokens")

return {
  description = "Test",
  fields = { name = { type = "string", description = "x" }, list = { type = "string", optional = true, description = "x" } },
  run = function(fields)
    local unpack = table.unpack or unpack
    if string.pack then
      string.pack("b", 1)  -- check: ignore unknown-function
    end
    local upper = fields.name:upper()
    tokens.read()
    tokens.write()
    open.anything()
    later.hook = function() end
    later.hook()
    local methods = { a = function() end }
    for name in pairs(methods) do
      methods[name]()
    end
    if tokens.missing then
      unpack({})
    end
    fields.list = { add = tostring }
    fields.list:add(1)
    local t = {}
    t[upper] = tostring
    t.whatever()
    local row = db.one("SELECT 1 AS n")
    row.n.foo()
    return { status_code = 200 }
  end,
}
