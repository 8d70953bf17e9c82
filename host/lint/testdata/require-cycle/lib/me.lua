return { require("lib.me") }
