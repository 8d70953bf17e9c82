-- expect: 500
-- log: the parameters are too long: 90..... bytes up to this one, the limit is 8388608 .fixed.
--- Eight thousand parameters of a megabyte, each a table that becomes text.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local parameter, many = { ("x"):rep(1e6) }, {}
    for i = 1, 7900 do
      many[i] = parameter
    end
    require("db").one("SELECT 1", unpack(many))
  end,
}
