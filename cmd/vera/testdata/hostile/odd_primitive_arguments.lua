-- expect: 200
-- fields: true
--- The same with the primitives.

return {
  description = "Hostile",
  fields = {},
  timeout = 20,
  run = function()
    local json = require("json")
    local odd = {
      "", "\255", "\0", "%", 0, -1, 1.5, 2 ^ 53, 1e300, math.huge, 0 / 0, true, {}, { 1, 2, 3 }, { [1.5] = 1 }, string,
      json.null, json.array(), function() end, ("x"):rep(1e4), ("9"):rep(1e4), ("["):rep(1e4),
    }
    local functions = {}
    local function add(module)
      for _, member in pairs(module) do
        if type(member) == "table" then
          add(member)
        else
          functions[#functions + 1] = member
        end
      end
    end
    local modules = {
      "crypto", "db", "email", "env", "json", "jwt", "log", "password", "phone", "time", "username", "uuid",
    }
    for _, name in ipairs(modules) do
      add(require(name))
    end
    local last = #odd + 1 -- and nil
    for _, f in ipairs(functions) do
      for i = 1, last do
        pcall(f, odd[i])
        for j = 1, last, 3 do
          pcall(f, odd[i], odd[j])
        end
      end
    end
    return { status_code = 200, fields = true }
  end,
}
