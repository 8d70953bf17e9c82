-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,1]
--- Indexes that an array would have to be filled up to.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = {}
    t[67108863] = 1
    rawset(t, 67108862, 1)
    t[2 ^ 31] = 1
    t[2 ^ 53] = 1
    t[-2 ^ 53] = 1
    t[1e308] = 1
    table.insert(t, 67108861, 1)
    return {
      status_code = 200,
      fields = {
        not pcall(rawset, t, 0 / 0, 1),
        not pcall(rawset, t, nil, 1),
        t[67108863] == 1,
        t[67108861] == 1,
        #t >= 0,
        t[2 ^ 53],
      },
    }
  end,
}
