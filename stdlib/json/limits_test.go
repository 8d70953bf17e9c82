package json_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/limit"
)

// worked gives the time that this process has had of the processors.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// What a table held before takes as long to look through as if it were there,
// so it counts, however many times the table is met.
func TestEmptiedTables(t *testing.T) {
	L := state(t, json.Limits{})
	const manyTimes = ` local list = {} for i = 1, 99000 do list[i] = t end return list end)()`
	for _, source := range []string{
		`(function() local t = {} t[1048574] = 1 t[1048574] = nil` + manyTimes,
		`(function() local t = {} for i = 1, 1e4 do t["k" .. i] = 1 end for i = 2, 1e4 do t["k" .. i] = nil end` + manyTimes,
		`(function() local t = { 1 } for i = 1, 1e4 do t["k" .. i] = 1 end for i = 1, 1e4 do t["k" .. i] = nil end` + manyTimes,
	} {
		value := eval(t, L, source)
		start := worked(t)
		_, err := json.AppendJSON(t.Context(), nil, value, json.Limits{Elements: 1_000_000})
		if err == nil || !strings.Contains(err.Error(), "too many values, with those that a table held before") {
			t.Errorf("%s: %v", source, err)
		}
		if took := worked(t) - start; took > 2*time.Second {
			t.Errorf("%s: worked for %v", source, took)
		}
	}
	// A few that are gone do no harm, beside names and positions alike.
	for source, want := range map[string]string{
		`(function() local t = {} for i = 1, 1000 do t["k" .. i] = i end for i = 2, 1000 do t["k" .. i] = nil end return t end)()`:       `{"k1":1}`,
		`(function() local t = { 1, 2 } for i = 1, 1000 do t["k" .. i] = i end for i = 1, 1000 do t["k" .. i] = nil end return t end)()`: `[1,2]`,
		`(function() local t = {} for i = 1, 1000 do t[i] = i end for i = 1000, 3, -1 do t[i] = nil end return t end)()`:                 `[1,2]`,
	} {
		if got, err := json.AppendJSON(t.Context(), nil, eval(t, L, source), json.Limits{}); err != nil || string(got) != want {
			t.Errorf("%s = %s, %v, want %s", source, got, err, want)
		}
	}
	// And many names are found as few are.
	got, err := json.AppendJSON(t.Context(), nil, eval(t, L, `(function() local t = { a = {} } for i = 1, 70 do t.a["k" .. i] = i end t.a[{}] = 1 return t end)()`), json.Limits{})
	if err == nil || err.Error() != "a: a table with a table as a key is no JSON value" {
		t.Errorf("%s, %v", got, err)
	}
}

// Names that are parts of one long text take no memory, but would take
// minutes to sort.
func TestLongNamesAreNotSorted(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	long := strings.Repeat("x", 1_000_000)
	table := L.NewTable()
	for i := range 1500 {
		table.RawSetString(long[:len(long)-i*7919%1500], lua.LTrue)
	}
	start := worked(t)
	_, err := json.AppendJSON(t.Context(), nil, table, json.Limits{})
	if took := worked(t) - start; err == nil || took > 600*time.Millisecond {
		t.Errorf("%v, after %v", err, took)
	}
}

// counting is a context that ends once it was asked often enough.
type counting struct {
	context.Context
	left int
}

func (c *counting) Err() error {
	if c.left--; c.left < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

func TestContextEndsEncoding(t *testing.T) {
	L := state(t, json.Limits{})
	for source, looks := range map[string]int{
		`(function() local t = {} for i = 1, 10000 do t[i] = i end return t end)()`:        10000 / 256,
		`(function() local t = {} for i = 1, 10000 do t["k" .. i] = i end return t end)()`: 10000 / 256,
		`(function() local t = {} for i = 1, 1000 do t[i] = {} end return t end)()`:        1000,
	} {
		value := eval(t, L, source)
		if _, err := json.AppendJSON(&counting{t.Context(), 1 << 30}, nil, value, json.Limits{}); err != nil {
			t.Fatal(err)
		}
		got, err := json.AppendJSON(&counting{t.Context(), looks - 1}, []byte("x"), value, json.Limits{})
		if err != context.DeadlineExceeded || string(got) != "x" {
			t.Errorf("%s: %.20q, %v", source, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := json.ToGo(ctx, eval(t, L, `{}`), json.Limits{}); err != context.Canceled {
		t.Errorf("ToGo: %v", err)
	}
	L.SetContext(&counting{t.Context(), 1 << 30})
	if _, err := json.Decode(L, "["+strings.Repeat("1,", 10_000)+"1]", json.Limits{}); err != nil {
		t.Fatal(err)
	}
	L.SetContext(&counting{t.Context(), 2})
	if _, err := json.Decode(L, "["+strings.Repeat("1,", 10_000)+"1]", json.Limits{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Decode: %v", err)
	}
}

// Each limit says which it is, to the script and to whoever counts.
func TestExceeded(t *testing.T) {
	var noted []string
	limits := json.Limits{Bytes: 100, Depth: 3, Elements: 20, Exceeded: func(name string) { noted = append(noted, name) }}
	L := state(t, limits)
	L.SetGlobal("text", lua.LString(strings.Repeat("x", 200)))
	L.SetGlobal("open", lua.LString("[[[[1]]]]"))
	L.SetGlobal("many", lua.LString("["+strings.Repeat("1,", 30)+"1]"))
	for source, want := range map[string][2]string{
		`json.encode(text)`:                   {"MAX_STRING_BYTES", "the JSON text is too long, the limit is 100 (MAX_STRING_BYTES)"},
		`json.encode({{{{}}}})`:               {"depth", "[1][1][1]: nested too deep, the limit is 3 (fixed)"},
		`json.encode({unpack({1}, 1, 1), x})`: {"", ""},
		`(function() local t = {} for i = 1, 21 do t[i] = 1 end json.encode({a = t}) end)()`: {"values", "a: too many values, with those that a table held before, the limit is 20 (fixed)"},
		`select(3, json.decode(text))`: {"MAX_STRING_BYTES", "the JSON text is too long: 200 bytes, the limit is 100 (MAX_STRING_BYTES)"},
		`select(3, json.decode(open))`: {"depth", "nested too deep at byte 3, the limit is 3 (fixed)"},
		`select(3, json.decode(many))`: {"values", "too many values at byte 39, the limit is 20 (fixed)"},
		`json.encode(print)`:           {"", "a function is not a JSON value"},
	} {
		noted = nil
		text := ""
		if err := L.DoString("return " + source); err != nil {
			text = err.Error()
		} else {
			text = fmt.Sprint(L.Get(-1))
		}
		if !strings.Contains(text, want[1]) {
			t.Errorf("%s: %s, want %s", source, text, want[1])
		}
		if got := strings.Join(noted, " "); got != want[0] {
			t.Errorf("%s: exceeds %q, want %q", source, got, want[0])
		}
	}
	named := json.Limits{Bytes: 1, BytesSetting: "MAX_RESPONSE_BYTES"}
	_, err := json.AppendJSON(t.Context(), nil, eval(t, L, `{a = "xx"}`), named)
	exceeded, ok := errors.AsType[*limit.Error](err)
	if !ok || exceeded.Limit != "MAX_RESPONSE_BYTES" || !slices.Contains(strings.Fields(err.Error()), "(MAX_RESPONSE_BYTES)") {
		t.Errorf("of an answer: %v", err)
	}
}
