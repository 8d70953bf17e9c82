-- expect: 500
-- log: string too long|heap passed its limit
--- Twice as long with every concatenation.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local s = "x"
    while true do
      s = s .. s
    end
  end,
}
