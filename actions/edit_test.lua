local db = require("db")
local jwt = require("jwt")

local UPDATED = { status_code = 200, message = "User updated successfully" }
local REVOKED = { status_code = 401, message = "Token has been revoked" }
local WRONG = { status_code = 401, message = "Invalid password" }

local function register(name, phone_number)
  return call("Register", {
    username = name, name = "John Doe", email = name .. "@example.com", phone_number = phone_number,
    password = "securepassword123",
  }).fields.jwt
end

local function login(password)
  return call("Login", { username = "johndoe", password = password })
end

describe("Edit", function()
  local token
  before_each(function()
    token = register("johndoe", "+15551234567")
  end)

  local function edit(fields)
    fields.jwt = fields.jwt or token
    return call("Edit", fields)
  end

  it("changes what is given, in its canonical form", function()
    local changes = { username = "JaneDoe", name = "Jane", email = "JANE@example.com", phone_number = "+1 555 1234568" }
    expect(edit(changes)):equals(UPDATED)
    expect(db.one("SELECT username, username_key, name, email, phone_number FROM users")):equals({
      username = "JaneDoe", username_key = "janedoe", name = "Jane", email = "jane@example.com",
      phone_number = "+15551234568",
    })
    expect(db.one("SELECT event, outcome, reason FROM audit ORDER BY id DESC LIMIT 1")):equals({
      event = "edit", outcome = "ok", reason = "username, name, email, phone_number",
    })
  end)

  it("leaves updated_at where nothing changes", function()
    local before = db.one("SELECT updated_at FROM users")
    test.advance(60)
    expect(edit({ name = "John Doe" })):equals(UPDATED)
    expect(db.one("SELECT updated_at FROM users")):equals(before)
  end)

  it("changes the password, which ends all other sessions", function()
    local other = login("securepassword123").fields.jwt
    expect(edit({ password = "anotherpassword456" })):equals(UPDATED)
    expect(call("Show", { jwt = other })):equals(REVOKED)
    expect(edit({ jwt = other, name = "Jane" })):equals(REVOKED)
    expect(call("Show", { jwt = token }).status_code):equals(200)
    expect(login("securepassword123")):equals(WRONG)
    expect(login("anotherpassword456").status_code):equals(200)
  end)

  for field, case in pairs({
    username = { value = "JaneDoe", message = "Username already taken" },
    email = { value = "janedoe@EXAMPLE.com", message = "Email already registered" },
    phone_number = { value = "+1 555 123 4568", message = "Phone number already registered" },
  }) do
    it("refuses a " .. field .. " that is taken", function()
      register("janedoe", "+15551234568")
      expect(edit({ [field] = case.value })):equals({ status_code = 409, message = case.message })
      local event = db.one("SELECT outcome, reason FROM audit ORDER BY id DESC LIMIT 1")
      expect(event):equals({ outcome = "refused", reason = "taken" })
    end)
  end

  it("asks for a token; a user id beside it must agree", function()
    local id = tonumber(jwt.verify(token).sub)
    expect(call("Edit", { name = "Jane" })):equals({
      status_code = 400, message = "Either JWT or user_id must be provided",
    })
    expect(call("Edit", { name = "Jane", user_id = id })):equals({
      status_code = 401, message = "A user id is no proof of identity; provide the JWT",
    })
    expect(edit({ name = "Jane", user_id = id })):equals(UPDATED)
    expect(edit({ name = "Jane", user_id = tostring(id + 1) })):equals({
      status_code = 401, message = "user id is not consistent between JWT and user_id",
    })
  end)

  it("refuses a token that is none, that was revoked, that speaks of nobody", function()
    expect(edit({ jwt = "nothing", name = "Jane" }).message):matches("^Invalid token: ")
    expect(edit({ jwt = jwt.sign({ sub = "nobody" }), name = "Jane" }).status_code):equals(401)
    expect(edit({ jwt = jwt.sign({ sub = "2147483647" }), name = "Jane" }).status_code):equals(404)
    call("Logout", { jwt = token })
    expect(edit({ name = "Jane" })):equals(REVOKED)
  end)

  it("wants something to change", function()
    expect(edit({})):equals({
      status_code = 400,
      message = "At least one field (username, name, email, phone_number, or password) must be provided",
    })
  end)

  it("refuses values that cannot be", function()
    expect(edit({ username = "john doe" }).message):contains("username")
    expect(edit({ phone_number = "call me" }).status_code):equals(400)
    expect(edit({ email = "nothing" }).status_code):equals(400)
    expect(edit({ password = "short" }).status_code):equals(400)
    expect(edit({ password = "secure\0password" }).message):contains("Invalid input: password: ")
  end)

  describe("with EDIT_REQUIRES_PASSWORD", function()
    before_each(function()
      test.env({ EDIT_REQUIRES_PASSWORD = true })
    end)

    it("asks for the current password to change the email or the password", function()
      expect(edit({ name = "Jane" })):equals(UPDATED)
      local answer = edit({ email = "jane@example.com" })
      expect(answer.fields.errors):contains({ field = "current_password", code = "required" })
      expect(edit({ email = "jane@example.com", current_password = "securepassword123" })):equals(UPDATED)
      expect(edit({ password = "anotherpassword456", current_password = "securepassword123" })):equals(UPDATED)
      expect(login("anotherpassword456").status_code):equals(200)
    end)

    it("refuses a wrong one, and slows down who guesses", function()
      for _ = 1, 10 do
        expect(edit({ email = "jane@example.com", current_password = "wrong" })):equals(WRONG)
      end
      local answer = edit({ email = "jane@example.com", current_password = "securepassword123" })
      expect(answer):contains({ status_code = 429 })
      expect(db.query("SELECT reason FROM audit WHERE outcome = 'refused' ORDER BY id DESC LIMIT 2")):equals({
        { reason = "throttled" }, { reason = "wrong_password" },
      })
    end)

    it("refuses a token that was revoked before it looks at the password", function()
      call("Logout", { jwt = token })
      expect(edit({ email = "jane@example.com", current_password = "securepassword123" })):equals(REVOKED)
    end)
  end)
end)
