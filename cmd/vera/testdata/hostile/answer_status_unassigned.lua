-- expect: 500
-- log: status_code
--- A status that the hub does not take.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return { status_code = 299 }
  end,
}
