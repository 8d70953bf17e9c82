-- expect: 500
-- log: contains itself
--- A table that contains itself.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    t.t = t
    return { status_code = 200, fields = t }
  end,
}
