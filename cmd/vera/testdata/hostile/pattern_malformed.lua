-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true,true,true,true,true]
--- Patterns that end too early, and worse.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local results = {}
    for i, pattern in ipairs({
      "%", "[", "[^", "[%", "%b", "%bx", "%f", "(", ")", "%1", ("["):rep(1e6),
    }) do
      results[i] = not pcall(string.match, "aaa(", pattern)
    end
    return { status_code = 200, fields = results }
  end,
}
