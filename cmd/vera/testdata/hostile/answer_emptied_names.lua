-- expect: 200
-- fields: {"kept":1}
--- An answer, and its fields, with names that are gone again.

return {
  description = "Hostile",
  fields = {},
  timeout = 20,
  run = function()
    local answer = { status_code = 200, fields = { kept = 1 } }
    for i = 1, 5e4 do
      answer["name" .. i], answer.fields["name" .. i] = 1, 1
    end
    for i = 1, 5e4 do
      answer["name" .. i], answer.fields["name" .. i] = nil, nil
    end
    return answer
  end,
}
