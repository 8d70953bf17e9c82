-- expect: 500 within 100ms
-- log: attempt to call a nil value
--- A file that returns something else when it is run.

-- What reaches outside raises only while the file is loaded.
local serving = pcall(require("log").debug, "loaded")

return {
  description = "Hostile",
  fields = {},
  run = serving and {} or function()
    return { status_code = 200 }
  end,
}
