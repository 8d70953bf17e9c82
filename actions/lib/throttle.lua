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

-- Takes one try out of the bucket, or changes nothing if it is empty: then there is no row.
local TAKE = [[
  INSERT INTO login_throttle AS t (account, exhausted_until)
  VALUES ($1, now() + make_interval(secs => $2::float8))
  ON CONFLICT (account) DO UPDATE
    SET exhausted_until = greatest(t.exhausted_until, now()) + make_interval(secs => $2::float8)
    WHERE t.exhausted_until <= now() + make_interval(secs => $2::float8 * ($3::int - 1))
  RETURNING 1 AS taken
]]
local WAIT = [[
  SELECT ceil(extract(epoch FROM exhausted_until - now()) - $2::float8 * ($3::int - 1))::int AS seconds
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

local function wait(bucket, limit)
  if db.one(TAKE, bucket, limit.interval, limit.burst) then
    return nil
  end
  local left = db.one(WAIT, bucket, limit.interval, limit.burst)
  return left and math.max(left.seconds, 1) or 1
end

--- Counts a try before it is made, so that many at once cannot all slip through. Gives the bucket that a success
--- clears, or nil and the seconds to wait when there are no tries left. user_id and source may be nil.
function throttle.take(account, user_id, source)
  if not ENABLED then
    return account
  end
  if source then
    local seconds = wait("source:" .. source, SOURCE)
    if seconds then
      return nil, seconds
    end
    if user_id and db.one(KNOWN, user_id, source) then
      account = account .. "@" .. source
    end
  end
  local seconds = wait(account, ACCOUNT)
  if seconds then
    return nil, seconds
  end
  return account
end

--- Checks a password as the try that was taken. It is given back where too many are being checked already.
function throttle.verify(bucket, text, digest)
  local checked, matches = pcall(password.verify, text, digest)
  if not checked then
    if ENABLED then
      db.exec(GIVE_BACK, bucket, ACCOUNT.interval)
    end
    error(matches, 0)
  end
  return matches
end

--- Forgets the failures in the bucket of an account that has proved itself. A source's own are not forgotten: it may
--- have an account of its own among those that it attacks. bucket may be nil.
function throttle.succeed(tx, bucket, user_id, source)
  if not ENABLED or not bucket then
    return
  end
  tx:exec(CLEAR, bucket)
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
