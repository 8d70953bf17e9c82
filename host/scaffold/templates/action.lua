--- {{.Action}}: say here what it is for, for whoever reads this file.

-- Primitives that it needs: local db = require("db"), json, time, uuid, …

---@type actions.{{.Action}}
return {
{{- if .Explicit}}
  -- As callers know it. Without this line it would be {{.Derived}}, after the file.
  name = "{{.Action}}",
{{end}}
  -- Plain text; callers read it.
  description = "Says a text back",

  -- The inputs. One is required unless it has a default or optional = true. The
  -- host checks them, and answers 400 with all faults before run is called.
  fields = {
    text = { type = "string", description = "What is said", min_length = 1, max_length = 200 },
    times = { type = "integer", description = "How often", default = 1, minimum = 1, maximum = 10 },
  },

  -- Gets the inputs, with defaults filled in, and returns the answer: a status,
  -- and a message and fields where there is something to say. What it raises is
  -- answered 500, and told to the log alone.
  run = function(fields)
    local said = {}
    for i = 1, fields.times do
      said[i] = fields.text
    end
    return { status_code = 200, fields = { text = table.concat(said, " ") } }
  end,
}
