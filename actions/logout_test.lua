local db = require("db")
local jwt = require("jwt")

local REVOKED = { status_code = 401, message = "Token has been revoked" }

describe("Logout", function()
  local token
  before_each(function()
    token = call("Register", {
      username = "johndoe", name = "John Doe", email = "john@example.com", phone_number = "+15551234567",
      password = "securepassword123",
    }).fields.jwt
  end)

  local function login()
    return call("Login", { username = "johndoe", password = "securepassword123" }).fields.jwt
  end

  it("ends the session of the token", function()
    local other = login()
    expect(call("Logout", { jwt = token })):equals({ status_code = 200, message = "Token successfully revoked" })
    expect(call("Show", { jwt = token })):equals(REVOKED)
    expect(call("Show", { jwt = other }).status_code):equals(200)
    local event = db.one("SELECT event, outcome FROM audit ORDER BY id DESC LIMIT 1")
    expect(event):equals({ event = "logout", outcome = "ok" })
  end)

  it("says that a token has been revoked already", function()
    call("Logout", { jwt = token })
    expect(call("Logout", { jwt = token })):equals({ status_code = 409, message = "Token has already been revoked" })
  end)

  it("ends all sessions with everywhere", function()
    local other = login()
    expect(call("Logout", { jwt = token, everywhere = "true" }).status_code):equals(200)
    expect(call("Show", { jwt = other })):equals(REVOKED)
    expect(call("Logout", { jwt = other })):equals(REVOKED)
    expect(call("Show", { jwt = login() }).status_code):equals(200)
  end)

  it("takes the token of a user who is deleted", function()
    local other = login()
    call("Delete", { jwt = token })
    expect(call("Logout", { jwt = other }).status_code):equals(200)
  end)

  it("refuses what is no token", function()
    local answer = call("Logout", { jwt = "nothing" })
    expect(answer.status_code):equals(401)
    expect(answer.message):matches("^Invalid token: ")
  end)

  it("refuses a token that has ended", function()
    test.clock("2026-01-01T00:00:00Z")
    local short = jwt.sign({ sub = "1", exp = 1767225600 + 60 })
    test.advance(120)
    expect(call("Logout", { jwt = short })):equals({
      status_code = 401, message = "Invalid token: Signature has expired",
    })
  end)

  it("takes a token that speaks of nobody, which has no other sessions", function()
    local nobodys = jwt.sign({ sub = "nobody" })
    expect(call("Logout", { jwt = nobodys, everywhere = true })):equals({
      status_code = 401, message = "Invalid token: not the id of a user",
    })
    expect(call("Logout", { jwt = nobodys }).status_code):equals(200)
  end)

  it("ends the whole session with REFRESH_TOKENS", function()
    test.env({ REFRESH_TOKENS = true, JWT_DEFAULT_TTL = 900 })
    local session = call("Login", { username = "johndoe", password = "securepassword123" }).fields
    expect(call("Logout", { jwt = session.jwt }).status_code):equals(200)
    expect(call("Refresh", { refresh_token = session.refresh_token }).status_code):equals(401)
  end)
end)
