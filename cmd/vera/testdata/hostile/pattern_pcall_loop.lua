-- expect: 504
--- A pattern bomb in pcall, for ever.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local s, p = ("a"):rep(40), ("a-"):rep(20) .. "b"
    while true do
      pcall(string.find, s, p)
    end
  end,
}
