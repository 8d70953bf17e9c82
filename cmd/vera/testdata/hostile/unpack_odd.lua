-- expect: 200 within 100ms
-- fields: [true,true,true,true]
--- Ranges that overflow.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return {
      status_code = 200,
      fields = {
        not pcall(unpack, {}, -2 ^ 53, 2 ^ 53),
        not pcall(unpack, {}, -math.huge, math.huge),
        not pcall(unpack, {}, -1e300, 1e300),
        select("#", unpack({}, 0 / 0, 0 / 0)) <= 1,
      },
    }
  end,
}
