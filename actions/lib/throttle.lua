--- Slows down who guesses passwords: after a burst of failures an account takes one more try each interval.
--- It never locks an account for good, and the count is in the database, so it holds across hosts and
--- whichever of an account's names is used.

local db = require("db")
local env = require("env")

local ENABLED = env.boolean("LOGIN_THROTTLE")
local BURST = 10
local INTERVAL = 30 -- seconds

-- Takes one try out of the account's bucket, or changes nothing if it is empty: then there is no row.
local TAKE = [[
  INSERT INTO login_throttle AS t (account, exhausted_until)
  VALUES ($1, now() + make_interval(secs => $2::float8))
  ON CONFLICT (account) DO UPDATE
    SET exhausted_until = greatest(t.exhausted_until, now()) + make_interval(secs => $2::float8)
    WHERE t.exhausted_until <= now() + make_interval(secs => $2::float8 * ($3::int - 1))
  RETURNING 1 AS taken
]]
local CLEAR = "DELETE FROM login_throttle WHERE account = $1"

local throttle = {}

--- Counts a try before it is made, so that many at once cannot all slip through. False when there are none left.
function throttle.take(account)
  return not ENABLED or db.one(TAKE, account, INTERVAL, BURST) ~= nil
end

--- Forgets the failures of an account that has proved itself.
function throttle.clear(account)
  if ENABLED then
    db.exec(CLEAR, account)
  end
end

return throttle
