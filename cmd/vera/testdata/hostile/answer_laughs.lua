-- expect: 500
-- log: too many values.*the limit is 1000000 .MAX_RESPONSE_ELEMENTS.
--- Sixty tables that stand for 2^60 values.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local t = {}
    for _ = 1, 60 do
      t = { t, t }
    end
    return { status_code = 200, fields = t }
  end,
}
