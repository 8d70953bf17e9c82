return {
  description = "Test",
  fields = {},
  run = function()
    counter = 0 -- check: ignore set-global
    local function walk(node, depth)
      counter = counter + depth -- check: ignore set-global
      for i, child in ipairs(node.children or {}) do
        walk(child, depth + i)
      end
    end
    repeat
      local done = counter > 3
      -- check: ignore set-global
      counter = counter + 1
    until done
    for i = 1, 3 do walk({}, i) end
    goto out
    do
      local out = { print = tostring }
      out.print(_VERSION)
    end
    ::out::
    return { status_code = 200, fields = { print = counter } }
  end,
}
