-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true,0,0,0,0]
--- Every count that there should not be.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local results = {}
    for i, n in ipairs({ 1e9, 1e10, 1e12, 1e14, 1e15, 2 ^ 53, 1e300, math.huge }) do
      results[i] = not pcall(string.rep, "xy", n)
    end
    for _, n in ipairs({ 0, -1, -math.huge, 0 / 0 }) do
      results[#results + 1] = #("xy"):rep(n)
    end
    return { status_code = 200, fields = results }
  end,
}
