return {
  description = "Test",
  fields = { x = { type = "string", description = "x" } },
  run = function()
    return { status_code = 200 }
  end,
}
