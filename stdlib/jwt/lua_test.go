package jwt_test

import (
	"testing"

	lua "github.com/yuin/gopher-lua"

	luajson "vera/stdlib/json"
	"vera/stdlib/jwt"
)

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("jwt", tokens(t, func(o *jwt.Options) {
		o.VerifyKeys = keySet(t, asymmetric(t, "ES256", func(o *jwt.Options) { o.KeyID = "k" }))
	}).Module)
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

		local refresh, signed = jwt.sign({ sub = "7" }, { type = "refresh" })
		assert(signed.token_use == "refresh" and jwt.verify(refresh, { type = "refresh" }).sub == "7")
		local none, code, message = jwt.verify(refresh)
		assert(none == nil and code == "type" and message == "Token is of another type")
		local none, code = jwt.verify(token, { type = "refresh" })
		assert(none == nil and code == "type")
		assert(jwt.verify(token, {}) and jwt.verify(token, nil))

		local set = jwt.keys()
		assert(#set.keys == 1 and set.keys[1].kty == "EC" and set.keys[1].kid == "k" and set.keys[1].d == nil)
		set.keys[1] = nil
		assert(#jwt.keys().keys == 1)

		assert(#jwt.sign({}) > 100)
		local function fails(part, ...)
			local ok, text = pcall(...)
			assert(not ok and text:find(part, 1, true), text)
		end
		fails("Subject must be a string", jwt.sign, { sub = 7 })
		fails("names", jwt.sign, { "sub" })
		fails("not a JSON value", jwt.sign, { f = print })
		fails("table expected", jwt.sign, "x")
		fails("string expected", jwt.verify, nil)
		fails("only option is type", jwt.verify, token, { typ = "refresh" })
		fails("type must be", jwt.verify, token, { type = "" })
		fails("type must be", jwt.sign, {}, { type = 1 })
		fails("table expected", jwt.sign, {}, "refresh")`)
	if err != nil {
		t.Error(err)
	}
}

// A list of no keys must go out as [], not as {}.
func TestLuaKeysOfASecret(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("jwt", tokens(t, nil).Module)
	if err := L.DoString(`return require("jwt").keys()`); err != nil {
		t.Fatal(err)
	}
	if text, err := luajson.AppendJSON(t.Context(), nil, L.Get(-1), luajson.Limits{}); err != nil || string(text) != `{"keys":[]}` {
		t.Errorf("keys() as JSON = %s, %v", text, err)
	}
}
