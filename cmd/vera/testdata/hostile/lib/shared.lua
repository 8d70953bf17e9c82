--- What the healthy action and a hostile one both load.

return {
  list = { "a", "b" },
  answer = function()
    return "as it should be"
  end,
}
