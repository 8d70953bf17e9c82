--- A module that never returns.

while true do
end
