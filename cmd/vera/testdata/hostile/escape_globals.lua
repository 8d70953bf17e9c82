-- expect: 200 within 100ms
-- fields: [true,true,true,true,true,true]
--- What a script must not find.

return {
  description = "Hostile",
  fields = {},
  run = function()
    return {
      status_code = 200,
      fields = {
        io == nil and os == nil and debug == nil and package == nil,
        load == nil and loadstring == nil and loadfile == nil and dofile == nil,
        coroutine == nil and channel == nil and newproxy == nil and module == nil,
        getfenv == nil and setfenv == nil and collectgarbage == nil and print == nil,
        _G == nil and _ENV == nil and _printregs == nil and _LOADED == nil,
        string.dump == nil and table.foreach == nil and math.randomseed == nil,
      },
    }
  end,
}
