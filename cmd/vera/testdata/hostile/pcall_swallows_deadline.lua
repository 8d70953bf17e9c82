-- expect: 504
--- What comes after pcall has caught the deadline.

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    pcall(function()
      while true do
      end
    end)
    return { status_code = 200, message = "still here" }
  end,
}
