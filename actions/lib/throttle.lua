--- Slows down who guesses passwords. Every bucket takes a burst of tries, and one more each interval after that. No
--- account is ever locked, and the count is in the database, so it holds across hosts and whichever of an account's
--- names is used.
---
--- With LOGIN_SOURCE, each source has a bucket too, and an account has one more for each source that it was logged in
--- to from: what strangers do to an account's own bucket does not keep its owner out.

local db = require("db")
local env = require("env")
local password = require("password")

local ENABLED = env.boolean("LOGIN_THROTTLE")
local TELL = env.boolean("LOGIN_RETRY_AFTER")

-- Intervals in seconds. Many people may share a source.
local ACCOUNT = { burst = 10, interval = 30 }
local SOURCE = { burst = 100, interval = 3 }

-- What follows is sent in transactions, which see what others have just committed whatever the server's default is.

-- Takes one try out of the bucket, or changes nothing if it is empty: then there is no row.
local TAKE = [[
  INSERT INTO login_throttle AS t (account, exhausted_until)
  VALUES ($1, now() + make_interval(secs => $2::float8))
  ON CONFLICT (account) DO UPDATE
    SET exhausted_until = greatest(t.exhausted_until, now()) + make_interval(secs => $2::float8)
    WHERE t.exhausted_until <= now() + make_interval(secs => $2::float8 * ($3::int - 1))
  RETURNING 1 AS taken
]]
-- The seconds to wait, and whether it is the first refusal in a while.
local WAIT = [[
  WITH noted AS (
    UPDATE login_throttle SET noted_until = now() + make_interval(secs => $2::float8)
    WHERE account = $1 AND coalesce(noted_until <= now(), true)
    RETURNING 1
  )
  SELECT ceil(extract(epoch FROM exhausted_until - now()) - $2::float8 * ($3::int - 1))::int AS seconds,
    EXISTS (SELECT FROM noted) AS first
  FROM login_throttle WHERE account = $1
]]
local GIVE_BACK = [[
  UPDATE login_throttle SET exhausted_until = exhausted_until - make_interval(secs => $2::float8) WHERE account = $1
]]
local CLEAR = "DELETE FROM login_throttle WHERE account = $1"
local KNOWN = "SELECT 1 AS known FROM login_sources WHERE user_id = $1 AND source = $2 AND expires_at > now()"
local REMEMBER = [[
  INSERT INTO login_sources (user_id, source, expires_at) VALUES ($1, $2, now() + interval '90 days')
  ON CONFLICT (user_id, source) DO UPDATE SET expires_at = excluded.expires_at
]]

local throttle = {}

--- Takes a try out of each bucket, as far as the first that has none left, and gives that one. What was taken before
--- stays taken: a source pays for going on at an account that is empty.
local function take_all(tries)
  return db.transaction(function(tx)
    for _, try in ipairs(tries) do
      if not tx:one(TAKE, try.bucket, try.limit.interval, try.limit.burst) then
        return try
      end
    end
  end)
end

--- How long to wait for a bucket that has no tries left, and whether to note that.
local function wait(try)
  local left = db.transaction(function(tx)
    return tx:one(WAIT, try.bucket, try.limit.interval, try.limit.burst)
  end)
  if not left then
    return 1, false -- somebody has just proved himself
  end
  return math.max(left.seconds, 1), left.first
end

--- Counts a try before it is made, so that many at once cannot all slip through. Gives what was taken, for the
--- functions below, or nil, the seconds to wait when there are no tries left, and whether that is to be noted in the
--- audit: once an interval is enough. user_id and source may be nil.
function throttle.take(account, user_id, source)
  local tries = {}
  if not ENABLED then
    return tries
  end
  if source then
    tries[1] = { bucket = "source:" .. source, limit = SOURCE }
    if user_id and db.one(KNOWN, user_id, source) then
      account = account .. "@" .. source
    end
  end
  tries.account = account
  tries[#tries + 1] = { bucket = account, limit = ACCOUNT }
  local empty = take_all(tries)
  if empty then
    return nil, wait(empty)
  end
  return tries
end

local function give_back(tries)
  for _, try in ipairs(tries) do
    db.transaction(function(tx)
      tx:exec(GIVE_BACK, try.bucket, try.limit.interval)
    end)
  end
end

--- Checks a password as the tries that were taken. They are given back if it is right, whatever becomes of the call
--- after that, and where too many are being checked already.
function throttle.verify(tries, text, digest)
  local checked, matches = pcall(password.verify, text, digest)
  if not checked or matches then
    give_back(tries)
  end
  if not checked then
    error(matches, 0)
  end
  return matches
end

--- Forgets the failures in the bucket of an account that has proved itself. A source's own are not forgotten: it may
--- have an account of its own among those that it attacks. user_id and source may be nil.
function throttle.succeed(tx, tries, user_id, source)
  if not tries.account then
    return
  end
  tx:exec(CLEAR, tries.account)
  if source then
    tx:exec(REMEMBER, user_id, source)
  end
end

--- The answer to a try too many.
function throttle.refusal(seconds)
  return {
    status_code = 429,
    message = "Too many attempts, try again in " .. seconds .. " s",
    fields = TELL and { retry_after = seconds } or nil,
  }
end

return throttle
