-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true,true]
--- What can be learned of an error that the host raised.

local function refused(change, ...)
  return not pcall(change, ...)
end

return {
  description = "Hostile",
  fields = {},
  run = function()
    local ok, err = pcall(require("db").one, "SELECT secret FROM vault")
    return {
      status_code = 200,
      fields = {
        not ok,
        type(err) == "userdata",
        not tostring(err):lower():find("vault"),
        type(getmetatable(err)) ~= "table",
        refused(function() return err.Error end),
        refused(function() return err() end),
        refused(function() err.leaked = 1 end),
      },
    }
  end,
}
