local late = require("lib.good_late")

return { late = late }
