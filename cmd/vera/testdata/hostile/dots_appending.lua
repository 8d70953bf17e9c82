-- expect: 500
-- log: string too long: 2000000 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- A megabyte appended and kept, again and again.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local s, kept = "", {}
    local piece = ("x"):rep(1e6)
    while true do
      s = s .. piece
      kept[#kept + 1] = s
    end
  end,
}
