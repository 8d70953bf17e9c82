local status = {}

function status.refusal(why)
  return { status_code = 199, message = why }
end

function status.row()
  return { status_code = 7000 }
end

return status
