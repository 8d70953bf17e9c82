---@meta db

--- PostgreSQL. Values reach a statement as $1, $2, …; a table is sent as JSON, nil as NULL. In rows, int8 is a
--- number (text beyond 2^53), numeric and uuid are text, timestamptz is Unix seconds, json is a table, NULL is
--- nil. The breach of a constraint is returned as a code; what else goes wrong raises. Not to be called while
--- the file is loaded, nor inside a transaction, which has its own handle. A statement may have 64 KiB, its
--- parameters 8 MiB, its rows 16 MiB and 200,000 values, one value MAX_STRING_BYTES: what is more raises.
local db = {}

---@alias Breach "unique"|"foreign_key"|"check"|"not_null"

--- The first row, or nil if there is none.
---@param sql string
---@param ... any
---@return table<string, any>? row
---@return Breach? code
---@return string? constraint its name; for not_null the column's
function db.one(sql, ...) end

--- All rows.
---@param sql string
---@param ... any
---@return table<string, any>[]? rows
---@return Breach? code
---@return string? constraint
function db.query(sql, ...) end

--- How many rows the statement touched.
---@param sql string
---@param ... any
---@return integer? count
---@return Breach? code
---@return string? constraint
function db.exec(sql, ...) end

---@class TransactionOptions
---@field isolation? "read committed"|"repeatable read"|"serializable"
---@field read_only? boolean

--- Calls fn with a transaction and gives what fn returns. Commits when fn returns; rolls back when it raises,
--- runs out of time or calls tx:rollback(). Serialization failures and deadlocks run fn again, three times at
--- most.
---@param fn fun(tx: Transaction): ...
---@param options? TransactionOptions
---@return any ...
function db.transaction(fn, options) end

--- A transaction, or a savepoint within one. After the breach of a constraint it goes on as if the statement had
--- not been.
---@class Transaction
local Transaction = {}

---@param sql string
---@param ... any
---@return table<string, any>? row
---@return Breach? code
---@return string? constraint
function Transaction:one(sql, ...) end

---@param sql string
---@param ... any
---@return table<string, any>[]? rows
---@return Breach? code
---@return string? constraint
function Transaction:query(sql, ...) end

---@param sql string
---@param ... any
---@return integer? count
---@return Breach? code
---@return string? constraint
function Transaction:exec(sql, ...) end

--- A savepoint: what fn did is undone alone if it raises.
---@param fn fun(tx: Transaction): ...
---@return any ...
function Transaction:transaction(fn) end

--- Undoes everything; what fn returns is still given.
function Transaction:rollback() end

return db
