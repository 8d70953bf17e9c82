-- expect: 500 within 100ms
-- log: action failed
--- An error that wants to be another line of the log.

return {
  description = "Hostile",
  fields = {},
  run = function()
    error("\n\27[2J{\"level\":\"INFO\",\"msg\":\"all is well\"}\n", 0)
  end,
}
