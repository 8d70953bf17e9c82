-- expect: 500
-- log: unknown key
--- A hundred thousand keys.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local t = { status_code = 200 }
    for i = 1, 1e5 do
      t[i] = i
    end
    return t
  end,
}
