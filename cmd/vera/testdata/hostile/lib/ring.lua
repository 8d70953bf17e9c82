--- Half of a ring.

return require("lib.ring_back")
