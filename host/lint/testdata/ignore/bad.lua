return {
  description = "Test",
  fields = {},
  run = function()
    counter = 1 -- check: ignore set-globals
    return { status_code = 200 }
  end,
}
