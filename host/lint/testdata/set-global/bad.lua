return {
  description = "Test",
  fields = {},
  run = function()
    total = 0
    local result
    resutl = total
    function helper() end
    string = nil
    return { status_code = 200, fields = result }
  end,
}
