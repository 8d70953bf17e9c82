-- expect: 500
-- log: nested too deep, the limit is 64 .MAX_DEPTH.
--- Deeper than the hub can read.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for _ = 1, 1e5 do
      t = { t }
    end
    return { status_code = 200, fields = t }
  end,
}
