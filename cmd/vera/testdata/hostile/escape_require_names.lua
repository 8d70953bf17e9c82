-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true,true]
--- Modules that there must not be.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local results = {}
    for i, name in ipairs({
      "", ".", "..", "/", "io", "os", "debug", "string", "_G", "lib", "lib.", ".lib", "lib..shared", "lib/shared",
      "lib.shared.lua", "..lib.shared", "lib.\0shared", "/etc/passwd", "lib.../shared", "healthy", "escape_globals",
    }) do
      results[i] = refused(require, name)
    end
    results[#results + 1] = refused(require)
    results[#results + 1] = refused(require, {})
    results[#results + 1] = refused(require, 1)
    results[#results + 1] = refused(require, require("json").null)
    return { status_code = 200, fields = results }
  end,
}
