-- expect: 504
--- A file that loads, and never returns its table when it is run.

-- What reaches outside raises only while the file is loaded.
local serving = pcall(require("log").debug, "loaded")

while serving do
end

return {
  description = "Hostile",
  fields = {},
  timeout = 0.1,
  run = function()
    return { status_code = 200 }
  end,
}
