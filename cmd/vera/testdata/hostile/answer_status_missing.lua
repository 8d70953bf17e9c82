-- expect: 500
-- log: status_code
--- No status.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return {}
  end,
}
