local helper = {}

function helper.normalize(input)
  input.email = input.email:lower()
end

return helper
