package script

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/host/spell"
	"vera/stdlib/json"
	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
)

// AnswerLimits bound what an action may answer.
type AnswerLimits struct {
	Bytes    int // of the encoded fields, and of the message: MAX_RESPONSE_BYTES
	Depth    int // of nested tables: MAX_DEPTH
	Elements int // members and elements in all: MAX_RESPONSE_ELEMENTS

	Exceeded func(limit string) // told of a limit that was exceeded, by these names; nil tells nobody
}

const responseBytes = "MAX_RESPONSE_BYTES"

// answerKeys are all that an answer's table may hold.
var answerKeys = []string{"status_code", "message", "fields"}

// answerTable reads the table that run returned.
func answerTable(ctx context.Context, returned lua.LValue, limits AnswerLimits) (Answer, error) {
	table, ok := returned.(*lua.LTable)
	if !ok {
		return Answer{}, errorf("run must return a table with a status_code, not %s", aOrNothing(returned))
	}
	unknown := lua.LValue(lua.LNil)
	table.ForEach(func(key, _ lua.LValue) { // Next takes long where a million keys were deleted
		if unknown == lua.LNil && !slices.Contains(answerKeys, key.String()) {
			unknown = key
		}
	})
	if unknown != lua.LNil {
		name := unknown.String()
		return Answer{}, errorf("unknown key %q in the answer%s (%s)", name, spell.Hint(name, answerKeys), strings.Join(answerKeys, ", "))
	}
	return answer(ctx, table.RawGetString("status_code"), table.RawGetString("message"), table.RawGetString("fields"), limits)
}

// answer turns the values into bytes, while the VM still holds them.
func answer(ctx context.Context, statusCode, message, fields lua.LValue, limits AnswerLimits) (Answer, error) {
	var a Answer
	status, ok := statusCode.(lua.LNumber)
	if a.Status = int(status); !ok || lua.LNumber(a.Status) != status || !sendable(a.Status) {
		return a, errorf("status_code: the hub takes no %s, but whole numbers: %s", describe(statusCode), SendableStatuses())
	}
	switch {
	case luaconv.IsNull(message):
	case message.Type() != lua.LTString:
		return a, errorf("message: must be a string, not a %s", message.Type())
	case len(message.String()) > limits.Bytes:
		tooLong := limit.Setting(responseBytes, limits.Bytes, "message: too long: %d bytes", len(message.String()))
		return a, errorf("%v", limit.Limits{Exceeded: limits.Exceeded}.Note(tooLong))
	case !utf8.ValidString(message.String()):
		return a, errorf("message: is not UTF-8")
	default:
		a.Message = new(message.String())
	}
	if !luaconv.IsNull(fields) {
		encoded, err := json.AppendJSON(ctx, make([]byte, 0, smallAnswer), fields, json.Limits{
			Bytes: limits.Bytes, Depth: limits.Depth, Elements: limits.Elements,
			BytesSetting: responseBytes, DepthSetting: "MAX_DEPTH", ElementsSetting: "MAX_RESPONSE_ELEMENTS", Exceeded: limits.Exceeded,
		})
		if ctx.Err() != nil {
			return a, ctx.Err()
		}
		if err != nil {
			return a, errorf("fields: %v", err)
		}
		a.Fields = encoded
	}
	return a, nil
}

// smallAnswer is how many bytes of fields need no second allocation.
const smallAnswer = 128

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
