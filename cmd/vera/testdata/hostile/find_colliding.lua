-- expect: 504
--- A plain search for a text whose hash is that of every place.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local found = ("a"):rep(1e6):find(("a"):rep(5e5) .. "lsbpvmyy", 1, true)
    return { status_code = 200, fields = found }
  end,
}
