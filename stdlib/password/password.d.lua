---@meta password

--- Digests of passwords. Every call that hashes takes about a quarter of a
--- second at the default cost, on threads of its own, and waits no longer than
--- the action's deadline. Not to be called while the file is loaded, nor inside
--- a transaction.
local password = {}

--- Makes a digest to be stored. Nothing of the password is cut off.
---@param text string
---@return string? digest
---@return "invalid"|"blocked"? code invalid: empty, above 4096 bytes, or a character that PRECIS OpaqueString refuses; blocked: listed in PASSWORD_BLOCKLIST_FILE
---@return string? message fit for the caller; it never repeats the password
function password.hash(text) end

--- Raises, as `hash` and `verify` do, if too many hashes wait already: the caller
--- is told 503 "Overloaded, try again". To be called before work that would be
--- in vain.
function password.admit() end

--- Counts the characters (code points) of the form that is hashed, in which é
--- is one however it was typed. Costs next to nothing, and may be called anywhere.
---@param text string
---@return integer? count
---@return "invalid"? code as of `hash`; empty text has the length 0
---@return string? message fit for the caller; it never repeats the password
function password.length(text) end

--- Tells whether `text` is the password of `digest`. Pass nil where there is no
--- user: the answer is false, and takes as long as any other. Raises where the
--- digest was made with another PASSWORD_PEPPER than the host's.
---@param text string
---@param digest string?
---@return boolean matches
---@return "cost"? code the digest was refused since it would take too long
function password.verify(text, digest) end

--- Tells whether the digest was made by another scheme, at another cost or with
--- another pepper than new ones: after a login that succeeded, store a new one,
--- unless `hash` refuses to make it.
---@param digest string
---@return boolean
function password.needs_rehash(digest) end

return password
