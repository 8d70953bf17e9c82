-- expect: 404
-- log: file_timeout_nan.lua.*timeout
--- Nor one whose time is not a number.

return {
  description = "Hostile",
  fields = {},
  timeout = 0 / 0,
  run = function() end,
}
