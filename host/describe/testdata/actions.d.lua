-- Written by vera; changes are lost.
---@meta _

--- What files of actions return, and what each action takes. In an action's file, this line above its table tells
--- an editor what run gets: `---@type actions.Login`.

--- What an action's file returns.
---@class Action
---@field name? string the action's name; else the file's, in PascalCase
---@field description string plain text that callers see
---@field fields table<string, Field> the declared inputs; {} declares none
---@field run fun(fields: table<string, any>, context: Context): Answer
---@field timeout? number seconds, above 0 and at most 29

--- What run knows of its request.
---@class Context
---@field action string
---@field deadline number Unix seconds; nothing goes on after it
---@field request_id string
---@field version string of the set of files, as in the log

--- What run returns.
---@class Answer
---@field status_code integer
---@field message? string
---@field fields? any any JSON value; `json.null`, `json.array({})` where a table does not say it

--- A declared input.
---@class Field
---@field type "string"|"integer"|"number"|"boolean"|"object"|"array" # required
---@field description string # required; plain text that callers see
---@field default? any # what stands in where the field is left out; it obeys the other keywords
---@field optional? boolean # may be left out, and is then nil
---@field enum? any[] # all that is accepted
---@field secret? boolean # never in a log or an error
---@field coerce? boolean # integer, number, boolean: takes decimal text too: "42", "true"
---@field min_length? integer # string: in code points
---@field max_length? integer # string: in code points
---@field pattern? string # string: RE2, for the whole text
---@field format? "email"|"phone"|"uuid"|"date-time"|"uri" # string: what the text must be
---@field minimum? number # integer, number: inclusive
---@field maximum? number # integer, number: inclusive; an integer beyond 2^53 is refused, never rounded
---@field items? Field # array: what each item is; without it they may be anything
---@field min_items? integer # array: how many at least
---@field max_items? integer # array: how many at most
---@field fields? table<string, Field> # object: its own fields; without it the object may hold anything

--- Orders *all* | <b>at once</b> [x](y) `now`
---@class actions.Order: Action
---@field run fun(fields: actions.Order.Fields, context: Context): Answer

--- What Order takes.
---@class actions.Order.Fields
---@field address actions.Order.Fields.address # Where to
---@field any any[] # Whatever
---@field back string # Where to then
---@field due string # When
---@field email string # Whose
---@field extra? table<string, any> # Anything
---@field gift boolean # Is it?
---@field id string # Which
---@field items actions.Order.Fields.items.item[] # What
---@field key? string # Key
---@field login actions.Order.Fields.login # Who
---@field note number # At least
---@field pay "card"|"cash" # How
---@field pin string # Pin
---@field rate? number # Times
---@field sizes? ("s"|"m")[] # Any of

--- Where to
---@class actions.Order.Fields.address
---@field ["end"]? string # Last line
---@field zip string # Code

--- One
---@class actions.Order.Fields.items.item
---@field count integer # How many
---@field sku string # Number

--- Who
---@class actions.Order.Fields.login
---@field pass string # Pass

--- Says pong
---@class actions.Ping: Action
---@field run fun(fields: actions.Ping.Fields, context: Context): Answer

--- What Ping takes.
---@class actions.Ping.Fields
