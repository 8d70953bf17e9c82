-- expect: 200
-- fields: [true,true,true,true]
--- Whatever takes tables, with a list of one that was long.

return {
  description = "Hostile",
  fields = {},
  run = function()
    local emptied, list = {}, {}
    emptied[1048574] = 1
    emptied[1048574] = nil
    for i = 1, 99000 do
      list[i] = emptied
    end
    return {
      status_code = 200,
      fields = {
        not pcall(require("json").encode, { list }),
        not pcall(require("log").info, "x", { list = list }),
        not pcall(require("jwt").sign, { list = list }),
        not pcall(require("db").one, "SELECT $1::json", list),
      },
    }
  end,
}
