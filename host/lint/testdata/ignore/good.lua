return {
  description = "Test",
  fields = {},
  run = function()
    counter = 1 -- check: ignore set-global
    -- check: ignore set-global, undeclared-global: both are meant
    counter = nothing
    --[[ check: ignore set-global
         as it is meant ]]
    counter = 2
    return { status_code = 200 } -- check that nothing ignores this
  end,
}
