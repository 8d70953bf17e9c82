-- expect: 500 within 100ms
-- log: error in error handling.*traceback.*recursion_xpcall
--- Recursion through error handlers.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function f()
      error(select(2, xpcall(error, f)))
    end
    f()
  end,
}
