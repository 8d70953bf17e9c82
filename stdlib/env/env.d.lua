---@meta env

--- The environment variables that `SCRIPT_ENV` lists. May be used while the
--- file is loaded, for the limits of fields. Each raises if the variable is not
--- listed, if it is unset (or empty) and no default is given, and if its text
--- is not of the type.
local env = {}

---@param name string
---@param default? string
---@return string
function env.string(name, default) end

---@param name string
---@param default? integer
---@return integer
function env.integer(name, default) end

--- Understands true, on, yes, 1 and false, off, no, 0.
---@param name string
---@param default? boolean
---@return boolean
function env.boolean(name, default) end

return env
