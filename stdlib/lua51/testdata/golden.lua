-- Writes golden.txt: one case a line, source and result, with a tab between
-- them and \n for a newline. Run by hand, with PUC's Lua:
--
--   cd testdata && lua5.1 golden.lua > golden.txt

dofile("prelude.lua")
local cases = dofile("cases.lua")
dofile("random.lua")(cases)

-- A random program may run for ever; it is left out then.
local function limited(fn)
  local over = false
  debug.sethook(function() over = true error("over", 0) end, "", 20000)
  local result
  local function run(ok, ...)
    debug.sethook()
    result = (ok and "" or "error ") .. show(...)
  end
  run(pcall(fn, 1, false))
  return not over and result
end

for _, source in ipairs(cases) do
  reset()
  local result = limited(assert(loadstring(source, "=c"), source))
  if result then
    print((string.gsub(source, "\n", "\\n")) .. "\t" .. (string.gsub(result, "\n", "\\n")))
  end
end
