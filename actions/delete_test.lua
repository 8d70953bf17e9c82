local db = require("db")
local jwt = require("jwt")

local DELETED = { status_code = 200, message = "User deleted successfully" }
local PERSON = {
  username = "johndoe", name = "John Doe", email = "john@example.com", phone_number = "+15551234567",
  password = "securepassword123",
}

describe("Delete", function()
  local token
  before_each(function()
    test.clock("2026-01-01T00:00:00Z")
    token = call("Register", PERSON).fields.jwt
  end)

  it("deletes the user but not the row", function()
    test.advance(60)
    expect(call("Delete", { jwt = token })):equals(DELETED)
    expect(db.one("SELECT username, deleted_at, session_epoch FROM users")):equals({
      username = "johndoe", deleted_at = 1767225660, session_epoch = 1,
    })
    local event = db.one("SELECT event, outcome FROM audit ORDER BY id DESC LIMIT 1")
    expect(event):equals({ event = "delete", outcome = "ok" })
  end)

  it("does not find a user twice", function()
    call("Delete", { jwt = token })
    expect(call("Delete", { jwt = token })):equals({ status_code = 404, message = "User not found" })
    expect(db.one("SELECT reason FROM audit ORDER BY id DESC LIMIT 1").reason):equals("unknown_user")
  end)

  it("keeps the names taken, unless RELEASE_DELETED frees them", function()
    call("Delete", { jwt = token })
    expect(call("Register", PERSON).status_code):equals(409)
  end)

  it("frees the names with RELEASE_DELETED", function()
    test.env({ RELEASE_DELETED = true })
    call("Delete", { jwt = token })
    expect(call("Register", PERSON).status_code):equals(201)
  end)

  it("asks for a token; a user id beside it must agree", function()
    local id = tonumber(jwt.verify(token).sub)
    expect(call("Delete", {})):equals({ status_code = 400, message = "Either JWT or user_id must be provided" })
    expect(call("Delete", { user_id = id })):equals({
      status_code = 401, message = "A user id is no proof of identity; provide the JWT",
    })
    expect(call("Delete", { jwt = token, user_id = id + 1 })):equals({
      status_code = 401, message = "user id is not consistent between JWT and user_id",
    })
    expect(call("Delete", { jwt = token, user_id = tostring(id) })):equals(DELETED)
  end)

  it("refuses a token that is none, and one that was revoked", function()
    expect(call("Delete", { jwt = "nothing" }).message):matches("^Invalid token: ")
    call("Logout", { jwt = token })
    expect(call("Delete", { jwt = token })):equals({ status_code = 401, message = "Token has been revoked" })
  end)
end)
