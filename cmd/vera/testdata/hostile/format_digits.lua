-- expect: 504
--- Eight thousand numbers that take long to write.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    local numbers = {}
    for i = 1, 7900 do
      numbers[i] = 4.9e-324
    end
    local template = ("%.99e"):rep(7900)
    for _ = 1, 100 do
      template:format(unpack(numbers))
    end
    return { status_code = 200 }
  end,
}
