return {
  description = "Test",
  fields = {},
  run = function()
    local name = "lib." .. "token"
    local ok, module = pcall(require, name)
    return { status_code = 200, fields = { ok, module, require("lib.tokens").x, require(name) } }
  end,
}
