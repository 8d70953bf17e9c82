-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true,true,true,true,true,true]
--- The primitives' tables, likewise.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local results = {}
    for i, name in ipairs({
      "crypto", "db", "email", "env", "json", "jwt", "log", "password", "phone", "time", "username", "uuid",
    }) do
      local primitive = require(name)
      results[i] = refused(function() primitive.leaked = 1 end)
        and refused(rawset, primitive, "leaked", 1)
        and refused(setmetatable, primitive, {})
        and type(getmetatable(primitive)) ~= "table"
        and primitive.leaked == nil
    end
    results[13] = refused(function() require("crypto").hex.encode = error end)
    return { status_code = 200, fields = results }
  end,
}
