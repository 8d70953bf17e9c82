-- expect: 200 within 100ms
-- fields: [true]
--- Metamethods that Lua 5.1 has for the collector.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local called = false
    local meta = { __mode = "kv", __gc = function() called = true end }
    for _ = 1, 1000 do
      setmetatable({}, meta)
    end
    return { status_code = 200, fields = { not called } }
  end,
}
