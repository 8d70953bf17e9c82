-- expect: 500
-- log: heap passed its limit
--- A file that loads, and fills the memory when it is run.

-- What reaches outside raises only while the file is loaded.
local serving = pcall(require("log").debug, "loaded")

local t = {}
while serving do
  t = { t }
end

return {
  description = "Hostile",
  fields = {},
  timeout = 10,
  run = function()
    return { status_code = 200 }
  end,
}
