package jwt_test

import (
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("jwt", tokens(t, nil).Module)
	L.SetGlobal("now", lua.LNumber(now))
	L.SetGlobal("expired", lua.LString(forge(goodHead, payload("exp", "1"))))
	err := L.DoString(`
		local jwt = require("jwt")
		local token, signed = jwt.sign({ sub = "7", exp = now + 60, nbf = nil })
		assert(signed.sub == "7" and signed.iss == "vera-py-service" and signed.iat == now and #signed.jti == 36)
		local claims, code = jwt.verify(token)
		assert(code == nil)
		for name, value in pairs(signed) do assert(claims[name] == value, name) end
		for name, value in pairs(claims) do assert(signed[name] == value, name) end

		local none, code, message = jwt.verify("")
		assert(none == nil and code == "malformed" and message == "Not enough segments")
		local none, code, message = jwt.verify(expired)
		assert(none == nil and code == "expired" and message == "Signature has expired")

		assert(#jwt.sign({}) > 100)
		local function fails(part, ...)
			local ok, text = pcall(...)
			assert(not ok and text:find(part, 1, true), text)
		end
		fails("Subject must be a string", jwt.sign, { sub = 7 })
		fails("names", jwt.sign, { "sub" })
		fails("not a JSON value", jwt.sign, { f = print })
		fails("table expected", jwt.sign, "x")
		fails("string expected", jwt.verify, nil)`)
	if err != nil {
		t.Error(err)
	}
}
