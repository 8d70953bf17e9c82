-- expect: 404
-- log: file_loop.lua.*ran for more than
--- A file that never returns its table is not served.

while true do
end
