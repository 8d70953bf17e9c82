package script_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"vera/host/script"
)

const coveredSource = `local function helper(x)
  return x and
    x + 1
end

local unused = function()
  return 1
end

return {
  description = "Test",
  fields = {},
  run = function(fields)
    local sum = 0
    for i = 1, 3 do
      sum = helper(sum)
      if i == 9 then
        sum = 0
      elseif i == 8 then
        sum = 1
      else
        sum = sum + 1
      end
    end
    while false do
      sum = 0
    end
    repeat local x = 1; do sum = sum + x end until true
    local list = { (function() return 1 end)(), f = function()
      return unused()
    end }
    if sum < 0 then return { status_code = 500 } end
    return { status_code = 200, message = "n" .. sum, fields = list[1] }
  end,
}
`

// A covered program does what it did, and its lines are counted one by one.
func TestCoverage(t *testing.T) {
	cover := &script.Coverage{}
	program, err := cover.Compile("test.lua", []byte(coveredSource))
	if err != nil {
		t.Fatal(err)
	}
	pool := script.NewPool(script.Options{Coverage: cover})
	all := []int{1, 2, 6, 7, 10, 14, 15, 16, 17, 18, 19, 20, 22, 25, 26, 28, 29, 30, 32, 33}
	want := []script.Lines{{File: "test.lua", Total: len(all), Missed: all}}
	if diff := cmp.Diff(want, cover.Files()); diff != "" {
		t.Errorf("before a run: %s", diff)
	}
	if _, err := pool.Declare(t.Context(), program, nil); err != nil {
		t.Fatal(err)
	}
	want[0].Executed, want[0].Missed = 3, []int{2, 7, 14, 15, 16, 17, 18, 19, 20, 22, 25, 26, 28, 29, 30, 32, 33}
	if diff := cmp.Diff(want, cover.Files()); diff != "" {
		t.Errorf("after loading: %s", diff)
	}
	answer, err := pool.Run(t.Context(), script.Call{Program: program, Deadline: time.Now().Add(5 * time.Second)})
	if err != nil || *answer.Message != "n7" || string(answer.Fields) != "1" {
		t.Errorf("%+v, %v", answer, err)
	}
	want[0].Missed = []int{7, 18, 20, 26, 30}
	want[0].Executed = len(all) - len(want[0].Missed)
	if diff := cmp.Diff(want, cover.Files()); diff != "" {
		t.Errorf("after a run: %s", diff)
	}
	if got := want[0].Percent(); got != 75 {
		t.Errorf("%v %%", got)
	}
}

// Errors and their places are the same.
func TestCoverageErrors(t *testing.T) {
	cover := &script.Coverage{}
	if _, err := cover.Compile("test.lua", []byte("local a = = 1")); err == nil || !strings.HasPrefix(err.Error(), "test.lua:1:") {
		t.Errorf("a syntax error: %v", err)
	}
	program, err := cover.Compile("test.lua", []byte("return { description = 'T', fields = {}, run = function()\n\nlocal x = nil\nreturn x.y.z\nend }"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = script.NewPool(script.Options{Coverage: cover}).Run(t.Context(), script.Call{Program: program, Deadline: time.Now().Add(5 * time.Second)})
	if fault, ok := errors.AsType[*script.Error](err); !ok || !strings.HasPrefix(fault.Message, "test.lua:4:") {
		t.Errorf("%v", err)
	}
}

// What a pool adds is for its own files: other pools' do not find it.
func TestEvaluate(t *testing.T) {
	var kept lua.LValue
	pool := script.NewPool(script.Options{Size: 1, Globals: func(L *lua.LState) map[string]lua.LValue {
		return map[string]lua.LValue{"keep": L.NewFunction(func(L *lua.LState) int { kept = L.Get(1); return 0 })}
	}})
	program, err := script.Compile("a_test.lua", []byte("local n = 0\nkeep(function(by)\n  n = n + by\n  if n > 2 then error('too much') end\n return n end)"))
	if err != nil {
		t.Fatal(err)
	}
	evaluation := script.Call{Program: program, Deadline: time.Now().Add(5 * time.Second)}
	for range 2 { // and nothing of the first is left
		err = pool.Evaluate(t.Context(), evaluation, func(call func(lua.LValue, ...lua.LValue) error) error {
			for range 2 {
				if err := call(kept, lua.LNumber(1)); err != nil {
					t.Error(err)
				}
			}
			return call(kept, lua.LNumber(1))
		})
		if fault, ok := errors.AsType[*script.Error](err); !ok || fault.Message != "a_test.lua:4: too much" || !strings.Contains(fault.Traceback, "a_test.lua:4") {
			t.Errorf("%v", err)
		}
	}
	other := script.NewPool(script.Options{})
	if err := other.Evaluate(t.Context(), evaluation, nil); err == nil || !strings.Contains(err.Error(), "attempt to call a non-function") {
		t.Errorf("in another pool: %v", err)
	}
}
