-- expect: 200
-- fields: true
--- Every library function with every pair of odd values: errors are fine, a panic is not.

return {
  description = "Hostile",
  fields = {},
  timeout = 20,
  run = function()
    local json = require("json")
    local odd = {
      "", "%", "[", 0, -1, 1.5, 2 ^ 53, -2 ^ 53, 1e300, math.huge, -math.huge, 0 / 0, true, {}, { 1, 2, 3 }, string,
      json.null, json.array(), function() end, ("x"):rep(1e4),
    }
    local names = {}
    for _, library in ipairs({ string, table, math }) do
      for _, member in pairs(library) do
        names[#names + 1] = member
      end
    end
    for _, f in ipairs({
      assert, error, getmetatable, ipairs, next, pairs, pcall, rawequal, rawget, rawset, require, select, setmetatable,
      tonumber, tostring, type, unpack, xpcall,
    }) do
      names[#names + 1] = f
    end
    local last = #odd + 1 -- and nil
    for _, f in ipairs(names) do
      pcall(f)
      for i = 1, last do
        pcall(f, odd[i])
        for j = 1, last do
          pcall(f, odd[i], odd[j])
          pcall(f, "x", odd[i], odd[j])
          pcall(f, { 1 }, odd[i], odd[j])
        end
      end
    end
    return { status_code = 200, fields = true }
  end,
}
