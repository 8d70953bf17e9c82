-- expect: 200
-- fields: 100000
--- A hundred thousand matches are many, but no fault.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local n = 0
    for _ in ("x"):rep(1e5):gmatch(".") do
      n = n + 1
    end
    return { status_code = 200, fields = n }
  end,
}
