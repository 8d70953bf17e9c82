-- expect: 500 within 100ms
-- log: require each other
--- Modules that require each other.

return {
  description = "Hostile",
  fields = {},
  run = function()
    require("lib.ring")
  end,
}
