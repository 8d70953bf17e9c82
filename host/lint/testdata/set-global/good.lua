return {
  description = "Test",
  fields = {},
  run = function()
    local total, t = 0, {}
    total = total + 1
    t.total = total
    function t.add() end
    local function helper() end
    helper()
    return { status_code = 200, fields = { total } }
  end,
}
