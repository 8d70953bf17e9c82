-- expect: 500 within 100ms
-- log: string too long: 1100000 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- A hundred thousand replacements of a hundred thousand bytes.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local _ = ("x"):rep(1e5):gsub("x", ("y"):rep(1e5))
  end,
}
