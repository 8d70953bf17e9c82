package jwt

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

// Module pushes the table that scripts get from require("jwt").
func (t *Tokens) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 3), map[string]lua.LGFunction{
		"keys":   t.jwks,
		"sign":   t.sign,
		"verify": t.verify,
	}))
	return 1
}

// jwt.sign(claims, [options]) -> token, claims
func (t *Tokens) sign(L *lua.LState) int {
	given, err := json.ToGo(runinfo.Context(L), L.CheckTable(1), json.Limits{})
	if err != nil {
		L.ArgError(1, err.Error())
	}
	claims, ok := given.(map[string]any)
	if !ok {
		L.ArgError(1, "claims need names")
	}
	token, signed, err := t.SignAs(checkKind(L), claims)
	if err != nil {
		L.RaiseError("jwt.sign: %v", err)
	}
	L.Push(lua.LString(token))
	L.Push(toLua(L, signed))
	return 2
}

// jwt.verify(token, [options]) -> claims | nil, code, message
func (t *Tokens) verify(L *lua.LState) int {
	claims, err := t.VerifyAs(checkKind(L), L.CheckString(1))
	if err, ok := errors.AsType[*Error](err); ok {
		return luaconv.Fail(L, err.Code, err.Message)
	}
	L.Push(toLua(L, claims))
	return 1
}

// jwt.keys() -> JWK set
func (t *Tokens) jwks(L *lua.LState) int {
	L.Push(toLua(L, t.Keys()))
	return 1
}

// checkKind reads the options of sign and verify: { type = "refresh" }.
func checkKind(L *lua.LState) Kind {
	kind := Access
	options := L.OptTable(2, L.NewTable())
	options.ForEach(func(name, value lua.LValue) {
		text, ok := value.(lua.LString)
		switch {
		case name != lua.LString("type"):
			L.ArgError(2, "the only option is type")
		case !ok || text == "" || !Kind(text).valid():
			L.ArgError(2, "type must be lower-case letters and _, at most 32")
		}
		kind = Kind(text)
	})
	return kind
}

func toLua(L *lua.LState, claims map[string]any) lua.LValue {
	table, err := luaconv.FromGo(L, claims)
	if err != nil {
		L.RaiseError("claims: %v", err) // Verify lets no such claims through
	}
	return table
}
