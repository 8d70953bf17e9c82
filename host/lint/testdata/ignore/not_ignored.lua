return {
  description = "Test",
  fields = {},
  run = function()
    local a = 1 -- check: ignore set-global
    counter = a
    -- check: ignore set-global

    counter = 2
    return { status_code = 200 }
  end,
}
