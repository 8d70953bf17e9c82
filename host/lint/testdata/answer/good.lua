local function lookup(name)
  if name then
    return { error = "x", code = 3 }
  end
  return { status_code = 200, fields = { stauts_code = 1 } }
end

return {
  description = "Test",
  fields = { a = { type = "string", description = "x" } },
  run = function(fields)
    local found = lookup(fields.a)
    if found.error then
      return { status_code = 404, message = found.error, extra = nil }
    end
    local answer = { status_code = 200 }
    for key, value in pairs(found) do
      answer[key] = value
    end
    if fields.a then
      return answer
    end
    return lookup(nil)
  end,
}
