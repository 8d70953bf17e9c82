package time_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	gotime "time"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/time"
)

func TestNow(t *testing.T) {
	clock := time.New(func() gotime.Time { return gotime.Unix(1_800_000_000, 999_999_999) })
	if got := clock.Now(); got != 1_800_000_000 {
		t.Errorf("Now = %d", got)
	}
	synctest.Test(t, func(t *testing.T) {
		clock := time.New(nil)
		before := clock.Now()
		gotime.Sleep(gotime.Minute)
		if got := clock.Now(); got != before+60 {
			t.Errorf("a minute after %d it is %d", before, got)
		}
	})
}

func TestFormat(t *testing.T) {
	for in, want := range map[int64]string{
		0:             "1970-01-01T00:00:00Z",
		1_800_000_000: "2027-01-15T08:00:00Z",
		-1:            "1969-12-31T23:59:59Z",
		time.Min:      "0001-01-01T00:00:00Z",
		time.Max:      "9999-12-31T23:59:59Z",
	} {
		if got, err := time.Format(in); err != nil || got != want {
			t.Errorf("Format(%d) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []int64{time.Min - 1, time.Max + 1, 1 << 62, -1 << 62} {
		if got, err := time.Format(in); err == nil {
			t.Errorf("Format(%d) = %q", in, got)
		}
	}
}

func TestParse(t *testing.T) {
	for in, want := range map[string]int64{
		"2027-01-15T08:00:00Z":           1_800_000_000,
		"2027-01-15T10:30:00+02:30":      1_800_000_000,
		"2027-01-15T08:00:00.999Z":       1_800_000_000,
		"1969-12-31T23:59:59.5Z":         -1,
		"2024-02-29T00:00:00Z":           1_709_164_800,
		"2027-01-15T08:00:00.000000001Z": 1_800_000_000,
	} {
		if got, err := time.Parse(in); err != nil || got != want {
			t.Errorf("Parse(%q) = %d, %v, want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		"", "now", "1800000000", "2027-01-15", "2027-01-15 08:00:00Z", "2027-01-15T08:00:00", "2027-01-15T8:00:00Z",
		"2027-02-30T08:00:00Z", "2027-13-01T08:00:00Z", "2027-01-15T24:00:00Z", "2027-01-15T08:00:60Z", "2027-01-15T08:00:00,5Z",
		"2027-01-15T08:00:00+24:00", "2027-01-15T08:00:00Z\n", " 2027-01-15T08:00:00Z", "+12027-01-15T08:00:00Z",
		"0000-01-01T00:00:00Z", "9999-12-31T23:59:59-00:01",
	} {
		if got, err := time.Parse(in); err == nil {
			t.Errorf("Parse(%q) = %d", in, got)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.Int64Range(time.Min, time.Max).Draw(t, "t")
		text, err := time.Format(in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := time.Parse(text); err != nil || got != in {
			t.Fatalf("Parse(Format(%d) = %q) = %d, %v", in, text, got, err)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"2027-01-15T08:00:00Z", "2027-01-15T10:30:00.5+02:30", "2027-01-15"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		seconds, err := time.Parse(text)
		if err != nil {
			return
		}
		if _, err := time.Format(seconds); err != nil {
			t.Errorf("Parse(%q) = %d, which Format refuses: %v", text, seconds, err)
		}
	})
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("time", time.New(func() gotime.Time { return gotime.Unix(1_800_000_000, 0) }).Module)
	err := L.DoString(`
		local time = require("time")
		assert(time.now() == 1800000000)
		assert(time.format(time.now()) == "2027-01-15T08:00:00Z")
		assert(time.parse("2027-01-15T08:00:00Z") == time.now())
		local none, code, message = time.parse("tomorrow")
		assert(none == nil and code == "invalid" and #message > 5)
		assert(not pcall(time.format, 1.5))
		assert(not pcall(time.format, 1e300))
		assert(not pcall(time.format, 0/0))
		assert(not pcall(time.format, {}))
		assert(not pcall(time.parse, {}))`)
	if err != nil {
		t.Error(err)
	}
}

func Example() {
	text, _ := time.Format(1_800_000_000)
	seconds, _ := time.Parse("2027-01-15T09:00:00+01:00")
	fmt.Println(text, seconds)
	// Output: 2027-01-15T08:00:00Z 1800000000
}
