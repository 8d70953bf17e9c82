return {
  description = "Test",
  fields = { email = { type = "string", description = "x" } },
  run = function(fields)
    local email = fields.email
    if emial then
      print(email)
    end
    for _, name in ipairs(os.list) do
      tostring(nmae)
    end
    return { status_code = 200, fields = db.one("SELECT 1") }
  end,
}
