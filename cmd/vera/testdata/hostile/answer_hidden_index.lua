-- expect: 200 within 100ms
-- fields: {"a":1}
--- A table of fields whose metamethods are loops: they are not asked.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function forever()
      while true do
      end
    end
    local fields = setmetatable({ a = 1 }, { __index = forever, __tostring = forever, __len = forever, __eq = forever })
    return { status_code = 200, fields = fields }
  end,
}
