-- expect: 200 within 200ms
-- fields: true
--- Recursion through pcall, which catches its own overflow.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function f()
      return pcall(f)
    end
    return { status_code = 200, fields = (f()) }
  end,
}
