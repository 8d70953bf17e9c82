-- expect: 500
-- log: string too long: 50000000 bytes, the limit is 1048576 .MAX_STRING_BYTES.
--- Two instructions that make two and a half gigabytes.

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    local s = ("x"):rep(1e6)
    for _ = 1, 2 do
      s = s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s
        .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s
        .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s .. s
    end
    return { status_code = 200, fields = #s }
  end,
}
