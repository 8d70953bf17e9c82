package uuid_test

import (
	"math/rand/v2"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/uuid"
)

// What a source is given decides what it makes.
func TestSource(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_123)
	make := func() []string {
		source := uuid.NewSource(func() time.Time { return now }, rand.NewChaCha8([32]byte{7}))
		var ids []string
		for _, id := range []func() (string, error){source.V4, source.V7, source.V7} {
			text, err := id()
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, text)
		}
		return ids
	}
	first, second := make(), make()
	for i := range first {
		if first[i] != second[i] {
			t.Errorf("%s, and again %s", first[i], second[i])
		}
	}
	if !form("4").MatchString(first[0]) || !form("7").MatchString(first[1]) || !form("7").MatchString(first[2]) {
		t.Errorf("%v", first)
	}
	if first[1][:13] != "01a3185c-507b" || first[1] >= first[2] {
		t.Errorf("of %d: %s, then %s", now.UnixMilli(), first[1], first[2])
	}
}

func TestSourceLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("uuid", uuid.NewSource(time.Now, rand.NewChaCha8([32]byte{})).Module)
	if err := L.DoString(`local uuid = require("uuid") assert(#uuid.v4() == 36 and uuid.v7() < uuid.v7())`); err != nil {
		t.Error(err)
	}
}
