-- expect: 504
--- Strings that differ in their last byte only.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.5,
  run = function()
    local texts, t = {}, {}
    for i = 0, 9 do
      texts[i] = ("x"):rep(1e6 - 1) .. i
    end
    for i = 1, 1e5 do
      t[i] = texts[i * 7 % 10]
    end
    table.sort(t)
  end,
}
