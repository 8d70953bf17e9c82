-- expect: 500 within 200ms
-- log: too many values.*the limit is 100000 .fixed.
--- Sixty tables that stand for 2^60 values.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    for _ = 1, 60 do
      t = { t, t }
    end
    require("json").encode(t)
  end,
}
