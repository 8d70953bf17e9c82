-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true]
--- Variables that are not a script's.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local env = require("env")
    local results = {}
    for i, name in ipairs({
      "JWT_SECRET", "DATABASE_URL", "TOKEN", "POSTGRES_PASSWORD", "PATH", "HOME", "", ("x"):rep(1e6),
    }) do
      results[i] = not pcall(env.string, name) and not pcall(env.string, name, "default")
    end
    return { status_code = 200, fields = results }
  end,
}
