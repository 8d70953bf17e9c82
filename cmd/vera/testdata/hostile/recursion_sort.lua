-- expect: 500 within 100ms
-- log: stack overflow.*traceback.*recursion_
--- Recursion through Go: sort calls back.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local function less()
      table.sort({ 1, 2, 3 }, less)
    end
    less()
  end,
}
