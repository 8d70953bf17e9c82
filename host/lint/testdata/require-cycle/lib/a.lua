local b = require("lib.b")
local shared = require("lib.shared")

return { b = b, shared = shared }
