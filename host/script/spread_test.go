package script_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"vera/host/script"
)

// A returned table that is written out is never made. Nobody may notice.
func TestWrittenOutAnswers(t *testing.T) {
	const trace = `local seen = "" local function see(text, value) seen = seen .. text return value end `
	tests := []struct{ body, status, message, fields string }{
		{`return { status_code = 201, message = "made", fields = 7 }`, "201", "made", "7"},
		{`return { fields = 7, message = "made", status_code = 201 }`, "201", "made", "7"},
		{`return { status_code = 200 }`, "200", "", ""},
		{`return { status_code = 200, message = nil, fields = nil }`, "200", "", ""},
		{`return { ["status_code"] = 200, ["fields"] = {} }`, "200", "", "{}"},
		{`if fields then return { status_code = 200 } else return { status_code = 404 } end`, "200", "", ""},
		{`while true do repeat for _ = 1, 2 do do return { status_code = 202 } end end until false end`, "202", "", ""},
		{`for _ in pairs({ 1 }) do return { status_code = 203 } end`, "203", "", ""},
		{`return { status_code = 200, fields = (function() return { status_code = 1 } end)() }`, "200", "", `{"status_code":1}`},
		{`local function two() return 200, "lost" end return { status_code = two(), fields = two() }`, "200", "", "200"},
		{`local function all(...) return { status_code = ..., fields = select("#", ...) } end return all(200, 2, 3)`, "200", "", "3"},
		{trace + `return { message = see("a", "m"), status_code = see("b", 200), fields = see("c", 1) and seen }`, "200", "m", `"abc"`},
		{trace + `return { status_code = see("a", 200), message = see("b", "m"), fields = see("c", 1) and seen }`, "200", "m", `"abc"`},
		{`return { status_code = 500, status_code = 200 }`, "200", "", ""},
		{`local ok, answer = pcall(function() return { status_code = 204 } end) return answer`, "204", "", ""},
	}
	pool := script.NewPool(script.Options{})
	for _, tt := range tests {
		answer, err := run(t, pool, `return { description = "Test", fields = {}, run = function(fields) `+tt.body+` end }`, time.Second)
		if err != nil {
			t.Errorf("%s: %v", tt.body, err)
			continue
		}
		var message string
		if answer.Message != nil {
			message = *answer.Message
		}
		if got := []any{answer.Status, message, string(answer.Fields)}; got[1] != tt.message || got[2] != tt.fields || tt.status != strconv.Itoa(answer.Status) {
			t.Errorf("%s: %v", tt.body, got)
		}
	}
}

// What is wrong with an answer is said in the same words, made or not.
func TestWrittenOutFaults(t *testing.T) {
	tests := []struct{ table, want string }{
		{`{ status_code = 99 }`, `status_code: the hub takes no 99`},
		{`{ status_code = "200" }`, `status_code: the hub takes no string`},
		{`{ fields = 1 }`, `status_code: the hub takes no missing status`},
		{`{ status_code = 200, message = 5 }`, `message: must be a string, not a number`},
		{`{ status_code = 200, fields = tostring }`, `fields: a function is not a JSON value`},
		{`{ status_code = 200, body = 1 }`, `unknown key "body" in the answer (status_code, message, fields)`},
		{`{ 200 }`, `unknown key "1" in the answer (status_code, message, fields)`},
		{`{ status_code = 200, message = {} .. "" }`, `attempt to concatenate a table value`},
	}
	pool := script.NewPool(script.Options{})
	for _, tt := range tests {
		var texts []string
		for _, body := range []string{"return " + tt.table, "local answer = " + tt.table + " return answer"} {
			_, err := run(t, pool, `return { description = "Test", fields = {}, run = function(fields) `+body+` end }`, time.Second)
			texts = append(texts, text(err))
		}
		if !strings.HasPrefix(texts[0], "test.lua:1: "+tt.want) || texts[1] != texts[0] {
			t.Errorf("%s: %q, want %q", tt.table, texts, tt.want)
		}
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
