-- expect: 504 within 100ms
--- A time that is above nothing, but not by a nanosecond.

return {
  description = "Hostile",
  fields = {},
  timeout = 1e-12,
  run = function()
    return { status_code = 200 }
  end,
}
