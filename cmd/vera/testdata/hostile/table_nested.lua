-- expect: 500
-- log: heap passed its limit
--- Tables within tables without end.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t = {}
    while true do
      t = { t }
    end
  end,
}
