local helper = {}

--- Some actions have a username, others none.
function helper.normalize(fields)
  if fields.username then
    fields.username_key = fields.username:lower()
  end
  fields.email = fields.email:lower()
end

return helper
