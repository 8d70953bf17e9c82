-- expect: 200 within 100ms
-- fields: [true]
--- A module that raises, asked for twice: it is the same fault.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _, first = pcall(require, "lib.raises")
    local _, second = pcall(require, "lib.raises")
    return { status_code = 200, fields = { first == second } }
  end,
}
