local fields = { email = { type = "string", description = "x" } }
for _, name in ipairs({ "home", "work" }) do
  fields[name] = { type = "string", description = "x", optional = true }
end

local action = { description = "Test", fields = fields }

function action.run(input)
  return { status_code = 200, fields = { input.email, input.home, input.mobile } }
end

return action
