-- expect: 500
-- log: heap passed its limit
--- Strings of the allowed size, all of them kept.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local kept = {}
    while true do
      kept[#kept + 1] = ("x"):rep(1e6)
    end
  end,
}
