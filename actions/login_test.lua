local db = require("db")
local jwt = require("jwt")
local time = require("time")

local PASSWORD = "securepassword123"
local COSTLIER = "$2b$05$vx3no/haMUgZVwttGMhPRu3Xtb6V6D2lnkmfoJrIPvbV34n6vnRlW" -- its digest of cost 5; tests hash at 4

local function login(fields)
  fields.password = fields.password or PASSWORD
  return call("Login", fields)
end

local INVALID = { status_code = 401, message = "Invalid password" }
local UNKNOWN = { status_code = 404, message = "User not found" }
local HIDDEN = { status_code = 401, message = "Invalid credentials" }

describe("Login", function()
  local id
  before_each(function()
    test.clock("2026-01-01T00:00:00Z")
    local answer = call("Register", {
      username = "johndoe", name = "John Doe", email = "john@example.com", phone_number = "+15551234567",
      password = PASSWORD,
    })
    id = jwt.verify(answer.fields.jwt).sub
  end)

  for field, spelling in pairs({
    username = "JohnDoe", email = "JOHN@example.com", phone_number = "+1 (555) 123-4567",
  }) do
    it("finds the user by " .. field .. ", in any spelling", function()
      local answer = login({ [field] = spelling })
      expect(answer.status_code):equals(200)
      expect(jwt.verify(answer.fields.jwt).sub):equals(id)
      expect(db.query("SELECT event, outcome FROM audit ORDER BY id")[2]):equals({ event = "login", outcome = "ok" })
    end)
  end

  it("gives a token the life that was asked for", function()
    local now = time.now()
    expect(login({ username = "johndoe", not_before = now, expires_at = now + 60 }).fields):contains({
      not_before = now, expires_at = now + 60,
    })
    expect(login({ username = "johndoe", expires_at = now }).message):contains("expires_at: must be in the future")
    expect(login({ username = "johndoe", not_before = now + 1e9 }).message):contains("not_before")
    expect(login({ username = "johndoe", expires_at = now + 1e9 }).message):contains("must not be so far ahead")
  end)

  it("asks for exactly one identifier", function()
    expect(login({})):equals({
      status_code = 400, message = "Exactly one identifier (username, email, or phone_number) must be provided",
    })
    expect(login({ username = "johndoe", email = "john@example.com" })):equals({
      status_code = 400, message = "Only one identifier (username, email, or phone_number) can be provided",
    })
  end)

  it("refuses a wrong password, and says who is unknown", function()
    expect(login({ username = "johndoe", password = "wrong" })):equals(INVALID)
    expect(login({ username = "nobody" })):equals(UNKNOWN)
    expect(login({ username = "no name at all" })):equals(UNKNOWN)
    expect(db.query("SELECT reason FROM audit WHERE outcome = 'refused' ORDER BY id")):equals({
      { reason = "wrong_password" }, { reason = "unknown_user" }, { reason = "unknown_user" },
    })
  end)

  it("does not say who is unknown with HIDE_USER_EXISTENCE", function()
    test.env({ HIDE_USER_EXISTENCE = true })
    expect(login({ username = "johndoe", password = "wrong" })):equals(HIDDEN)
    expect(login({ username = "nobody" })):equals(HIDDEN)
  end)

  it("refuses what is no email and no phone number", function()
    expect(login({ email = "nothing" }).status_code):equals(400)
    expect(login({ phone_number = "call me" }).status_code):equals(400)
  end)

  it("does not know a deleted user", function()
    local token = login({ username = "johndoe" }).fields.jwt
    expect(call("Delete", { jwt = token }).status_code):equals(200)
    expect(login({ username = "johndoe" })):equals(UNKNOWN)
  end)

  it("slows down who guesses, until time has passed", function()
    for _ = 1, 10 do
      expect(login({ username = "johndoe", password = "wrong" })):equals(INVALID)
    end
    expect(login({ username = "johndoe" })):equals({
      status_code = 429, message = "Too many attempts, try again in 30 s",
    })
    expect(db.one("SELECT reason FROM audit ORDER BY id DESC LIMIT 1").reason):equals("throttled")
    test.advance(30)
    expect(login({ username = "johndoe" }).status_code):equals(200)
    expect(login({ username = "johndoe", password = "wrong" })):equals(INVALID) -- and all is forgotten
  end)

  it("slows nobody down without LOGIN_THROTTLE", function()
    test.env({ LOGIN_THROTTLE = false })
    for _ = 1, 12 do
      expect(login({ username = "johndoe", password = "wrong" })):equals(INVALID)
    end
    expect(login({ username = "johndoe" }).status_code):equals(200)
  end)

  it("tells the seconds with LOGIN_RETRY_AFTER", function()
    test.env({ LOGIN_RETRY_AFTER = true })
    for _ = 1, 10 do
      login({ email = "a@example.com" })
    end
    expect(login({ email = "a@example.com" }).fields):equals({ retry_after = 30 })
  end)

  it("lets an owner in from a known source, whatever strangers do, with LOGIN_SOURCE", function()
    test.env({ LOGIN_SOURCE = true })
    expect(login({ username = "johndoe", source = "home" }).status_code):equals(200)
    for _ = 1, 10 do
      login({ username = "johndoe", source = "abroad", password = "wrong" })
    end
    expect(login({ username = "johndoe", source = "abroad" }).status_code):equals(429)
    expect(login({ username = "johndoe", source = "home" }).status_code):equals(200)
  end)

  it("replaces a digest of another cost", function()
    db.exec("UPDATE users SET password_digest = $1", COSTLIER)
    expect(login({ username = "johndoe", password = "wrong" })):equals(INVALID)
    expect(db.one("SELECT password_digest AS digest FROM users").digest):equals(COSTLIER)
    expect(login({ username = "johndoe" }).status_code):equals(200)
    expect(db.one("SELECT password_digest AS digest FROM users").digest):matches("^%$2b%$04%$")
    expect(login({ username = "johndoe" }).status_code):equals(200)
  end)
end)
