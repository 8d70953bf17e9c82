local db = require("db")
local jwt = require("jwt")
local time = require("time")

local PERSON = {
  username = "johndoe", name = "John Doe", email = "john@example.com", phone_number = "+1-555-123-4567",
  password = "securepassword123",
}

--- The fields of PERSON, with changes; false takes one away.
local function person(changes)
  local fields = {}
  for name, value in pairs(PERSON) do
    fields[name] = value
  end
  for name, value in pairs(changes or {}) do
    fields[name] = value or nil
  end
  return fields
end

local function register(changes)
  return call("Register", person(changes))
end

describe("Register", function()
  it("opens an account and a session", function()
    test.clock("2026-01-01T00:00:00Z")
    local answer = register()
    expect(answer.status_code):equals(201)
    expect(answer.message):is_nil()
    expect(answer.fields.not_before):is_nil()
    expect(answer.fields.expires_at):is_nil()
    local user = db.one("SELECT id, username, email, phone_number FROM users")
    expect(jwt.verify(answer.fields.jwt)):contains({ sub = tostring(user.id), iat = time.now() })
    expect(user):contains({ username = "johndoe", email = "john@example.com", phone_number = "+15551234567" })
  end)

  it("keeps a digest, never the password", function()
    register()
    expect(db.one("SELECT password_digest AS digest FROM users").digest).never:contains("securepassword123")
  end)

  it("gives a token the life that was asked for", function()
    local from, to = time.now() + 60, time.now() + 3600
    local answer = register({ not_before = from, expires_at = tostring(to) })
    expect(answer.fields):contains({ not_before = from, expires_at = to })
  end)

  it("notes the event", function()
    register()
    expect(db.query("SELECT event, outcome, action FROM audit")):equals({
      { event = "register", outcome = "ok", action = "Register" },
    })
  end)

  for field, changes in pairs({
    username = { username = "JohnDoe", email = "a@example.com", phone_number = "+15551234568" },
    email = { username = "other", email = "JOHN@example.com", phone_number = "+15551234568" },
    phone_number = { username = "other", email = "a@example.com", phone_number = "+1 (555) 123-4567" },
  }) do
    it("refuses a " .. field .. " that is taken, in any spelling", function()
      register()
      expect(register(changes)):equals({ status_code = 409, message = "User already exists" })
      expect(db.one("SELECT count(*) AS n FROM users").n):equals(1)
      local event = db.one("SELECT outcome, reason FROM audit ORDER BY id DESC LIMIT 1")
      expect(event):equals({ outcome = "refused", reason = "taken" })
    end)
  end

  it("names every field that is missing", function()
    local answer = call("Register", {})
    expect(answer.status_code):equals(400)
    for field in pairs(PERSON) do
      expect(answer.fields.errors):contains({ field = field, code = "required" })
    end
  end)

  it("never repeats a password that is too short", function()
    local answer = register({ password = "tooshrt" })
    expect(answer.status_code):equals(400)
    expect(answer.message):contains("password")
    expect(answer.message).never:contains("tooshrt")
  end)

  it("refuses a password that cannot be one", function()
    local answer = register({ password = "secure\0password" })
    expect(answer.status_code):equals(400)
    expect(answer.fields.errors):contains({ field = "password", code = "invalid" })
  end)

  it("refuses a phone number that is none", function()
    expect(register({ phone_number = "call me" }).status_code):equals(400)
  end)

  it("refuses a username that is none", function()
    expect(register({ username = "john doe" }).message):contains("username")
  end)

  it("refuses a life that no token can have", function()
    local now = time.now()
    expect(register({ expires_at = now - 1 }).message):contains("expires_at: must be in the future")
    expect(register({ not_before = now + 60, expires_at = now + 60 })):equals({
      status_code = 400, message = "Not before date must be before expiration date",
    })
  end)

  it("asks for what REGISTER_REQUIRED names, and for a username or an email at least", function()
    test.env({ REGISTER_REQUIRED = "name, password" })
    expect(register({ username = false, phone_number = false }).status_code):equals(201)
    expect(register({ username = false, email = false })):equals({
      status_code = 400, message = "At least one of username or email must be provided",
    })
  end)

  it("gives a refresh token with REFRESH_TOKENS", function()
    test.env({ REFRESH_TOKENS = true, JWT_DEFAULT_TTL = 900 })
    test.clock("2026-01-01T00:00:00Z")
    local answer = register()
    expect(answer.fields.expires_at):equals(time.now() + 900)
    expect(answer.fields.refresh_token):is_a("string")
  end)
end)
