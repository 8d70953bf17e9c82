-- expect: 500
-- log: too many values.*the limit is 1000000 .MAX_RESPONSE_ELEMENTS.
--- A list of one table that is empty, but was long.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local emptied, list = {}, {}
    emptied[600000] = 1
    emptied[600000] = nil
    for i = 1, 200000 do
      list[i] = emptied
    end
    return { status_code = 200, fields = list }
  end,
}
