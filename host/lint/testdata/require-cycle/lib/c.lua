local shared = require("lib.shared")
local a = require("lib.a")

return { a = a, shared = shared }
