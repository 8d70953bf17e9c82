local c = require("lib.c")

return { c = c }
