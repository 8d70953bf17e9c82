local late = {}

function late.other()
  return require("lib.good_other")
end

return late
