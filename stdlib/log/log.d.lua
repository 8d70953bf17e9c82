---@meta log

--- Lines in the host's log. The action, the request and the version are added.
--- Attributes are shown under `script`; those named like a password, a token or
--- another secret as `***`. Long texts are cut, and so is what a run logs after
--- its thousandth line. Not to be called while the file
--- is loaded, which happens for every request.
local log = {}

---@param message string an event, the same words each time; what varies is an attribute
---@param attributes? table<string, any>
function log.debug(message, attributes) end

---@param message string
---@param attributes? table<string, any>
function log.info(message, attributes) end

--- For what went wrong and will be tried again.
---@param message string
---@param attributes? table<string, any>
function log.warn(message, attributes) end

--- For what somebody should look at.
---@param message string
---@param attributes? table<string, any>
function log.error(message, attributes) end

return log
