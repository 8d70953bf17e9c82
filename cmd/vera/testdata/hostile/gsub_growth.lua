-- expect: 500 within 100ms
-- log: string too long
--- A hundred thousand replacements of a hundred thousand bytes.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("x"):rep(1e5):gsub("x", ("y"):rep(1e5))
  end,
}
