local db = require("db")
local jwt = require("jwt")
local time = require("time")

describe("Show", function()
  local token
  before_each(function()
    test.clock("2026-01-01T00:00:00Z")
    token = call("Register", {
      username = "JohnDoe", name = "John Doe", email = "john@example.com", phone_number = "+15551234567",
      password = "securepassword123",
    }).fields.jwt
  end)

  it("tells whose token it is", function()
    local answer = call("Show", { jwt = token })
    expect(answer.status_code):equals(200)
    local id = answer.fields.user.id
    local created = math.floor(db.one("SELECT created_at FROM users WHERE id = $1", id).created_at)
    expect(answer.fields):equals({
      user = { id = id, username = "JohnDoe", created_at = created, updated_at = created },
      claims = jwt.verify(token),
    })
    expect(answer.fields.claims):contains({ sub = tostring(id), iat = time.now() })
  end)

  it("tells when the user was changed", function()
    test.advance(3600)
    call("Edit", { jwt = token, name = "Jane Doe" })
    expect(call("Show", { jwt = token }).fields.user.updated_at):equals(time.now())
  end)

  it("refuses what is no token", function()
    expect(call("Show", { jwt = "nothing" })):contains({ status_code = 401 })
    expect(call("Show", { jwt = "nothing" }).message):matches("^Invalid token: ")
    expect(call("Show", {})):contains({ status_code = 400, message = "Invalid input: jwt: is required" })
  end)

  it("refuses a token that does not count yet, or any more", function()
    local later = jwt.sign({ sub = "1", nbf = time.now() + 3600, exp = time.now() + 7200 })
    expect(call("Show", { jwt = later }).message):equals("Invalid token: The token is not yet valid (nbf)")
    test.advance(8000)
    expect(call("Show", { jwt = later }).message):equals("Invalid token: Signature has expired")
  end)

  it("refuses a token that speaks of nobody", function()
    for _, sub in ipairs({ "nobody", "0", "99999999999" }) do
      expect(call("Show", { jwt = jwt.sign({ sub = sub }) })):equals({
        status_code = 401, message = "Invalid token: not the id of a user",
      })
    end
    expect(call("Show", { jwt = jwt.sign({}) }).message):equals("Invalid token: missing required claims")
    expect(call("Show", { jwt = jwt.sign({ sub = "1", ses = "x" }) }).message):contains("not the id of a session")
    expect(call("Show", { jwt = jwt.sign({ sub = "2147483647" }) })):equals({
      status_code = 404, message = "User not found",
    })
  end)

  it("refuses a token that was revoked, and who is deleted", function()
    local other = call("Login", { username = "johndoe", password = "securepassword123" }).fields.jwt
    call("Logout", { jwt = token })
    expect(call("Show", { jwt = token })):equals({ status_code = 401, message = "Token has been revoked" })
    call("Delete", { jwt = other })
    expect(call("Show", { jwt = other })):equals({ status_code = 404, message = "User not found" })
  end)
end)
