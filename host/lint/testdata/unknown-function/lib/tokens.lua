local tokens = {}

function tokens.read() end

tokens.write = function() end

return tokens
