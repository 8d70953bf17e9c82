-- expect: 500 within 100ms
-- log: string too long
--- More bytes than the machine has.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("x"):rep(1e12)
  end,
}
