--- The other half.

return require("lib.ring")
