package uuid_test

import (
	"fmt"
	"regexp"
	"sync"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/uuid"
)

func form(version string) *regexp.Regexp {
	return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-` + version + `[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
}

func TestForm(t *testing.T) {
	if id := uuid.V4(); !form("4").MatchString(id) {
		t.Errorf("V4 = %q", id)
	}
	if id := uuid.V7(); !form("7").MatchString(id) {
		t.Errorf("V7 = %q", id)
	}
}

func TestV7Ascends(t *testing.T) {
	last := uuid.V7()
	for range 1000 {
		next := uuid.V7()
		if next <= last {
			t.Fatalf("%s comes after %s", next, last)
		}
		last = next
	}
}

func TestUnique(t *testing.T) {
	var seen sync.Map
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 500 {
				for _, id := range []string{uuid.V4(), uuid.V7()} {
					if _, twice := seen.LoadOrStore(id, true); twice {
						t.Errorf("%s was made twice", id)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("uuid", uuid.Module)
	err := L.DoString(`
		local uuid = require("uuid")
		assert(#uuid.v4() == 36 and uuid.v4():sub(15, 15) == "4" and uuid.v4() ~= uuid.v4())
		assert(#uuid.v7() == 36 and uuid.v7():sub(15, 15) == "7" and uuid.v7() < uuid.v7())`)
	if err != nil {
		t.Error(err)
	}
}

func Example() {
	first, second := uuid.V7(), uuid.V7()
	fmt.Println(len(uuid.V4()), first < second)
	// Output: 36 true
}
