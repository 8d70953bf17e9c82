package script

import (
	"slices"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/luaconv"
)

// AnswerLimits bound what an action may answer.
type AnswerLimits struct {
	Bytes    int // of the encoded fields, and of the message
	Depth    int // of nested tables
	Elements int // members and elements in all
}

// answer reads what run returned into bytes, while the VM still holds it.
func answer(returned lua.LValue, limits AnswerLimits) (Answer, error) {
	var a Answer
	table, ok := returned.(*lua.LTable)
	if !ok {
		return a, errorf("run must return a table with a status_code, not %s", aOrNothing(returned))
	}
	status, ok := table.RawGetString("status_code").(lua.LNumber)
	if a.Status = int(status); !ok || lua.LNumber(a.Status) != status || !sendable(a.Status) {
		return a, errorf("status_code: the hub takes no %s", describe(table.RawGetString("status_code")))
	}
	for key, _ := table.Next(lua.LNil); key != lua.LNil; key, _ = table.Next(key) {
		if name := key.String(); name != "status_code" && name != "message" && name != "fields" {
			return a, errorf("unknown key %q in the answer; the keys are status_code, message, fields", name)
		}
	}
	switch message := table.RawGetString("message"); {
	case luaconv.IsNull(message):
	case message.Type() != lua.LTString:
		return a, errorf("message: must be a string, not a %s", message.Type())
	case len(message.String()) > limits.Bytes:
		return a, errorf("message: %d bytes are more than the %d of MAX_RESPONSE_BYTES", len(message.String()), limits.Bytes)
	case !utf8.ValidString(message.String()):
		return a, errorf("message: is not UTF-8")
	default:
		a.Message = new(message.String())
	}
	if fields := table.RawGetString("fields"); !luaconv.IsNull(fields) {
		encoded, err := json.AppendJSON(nil, fields, json.Limits(limits))
		if err != nil {
			return a, errorf("fields: %v", err)
		}
		a.Fields = encoded
	}
	return a, nil
}

func describe(v lua.LValue) string {
	switch v.Type() {
	case lua.LTNumber:
		return v.String()
	case lua.LTNil:
		return "missing status"
	}
	return v.Type().String()
}

// unusual are the statuses above 299 that the hub passes on, besides the
// ranges in sendable (plugboard-wire, 4.2).
var unusual = []int{226, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451, 510, 511}

// sendable tells the statuses that reach a caller as they are. Of others the
// hub makes a 500 and closes the caller's connection; 1xx breaks HTTP.
func sendable(status int) bool {
	return status >= 200 && status <= 208 || status >= 300 && status <= 308 ||
		status >= 400 && status <= 418 || status >= 500 && status <= 508 || slices.Contains(unusual, status)
}
