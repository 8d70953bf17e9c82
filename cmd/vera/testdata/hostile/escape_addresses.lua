-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true,true]
--- Where things lie in memory.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local results = {}
    for i, value in ipairs({ {}, pcall, function() end, require("json").null, require("json"), string }) do
      results[i] = not tostring(value):find("0x") and not ("%s"):format(value):find("0x")
    end
    results[7] = refused(string.format, "%d", {})
    results[8] = refused(string.format, "%v", {})
    results[9] = refused(string.format, "%p", {})
    return { status_code = 200, fields = results }
  end,
}
