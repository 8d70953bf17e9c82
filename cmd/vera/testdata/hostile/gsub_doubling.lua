-- expect: 500 within 1s
-- log: string too long
--- Twice as long with every gsub.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local s = "x"
    while true do
      s = s:gsub(".", "%0%0")
    end
  end,
}
