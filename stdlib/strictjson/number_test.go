package strictjson_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"vera/stdlib/strictjson"
)

func TestNumberInt64(t *testing.T) {
	const max = 1<<53 - 1
	for _, tt := range []struct {
		in   strictjson.Number
		want int64
		ok   bool
	}{
		{"0", 0, true},
		{"-0", 0, true},
		{"0.000", 0, true},
		{"0e99999999999999999999", 0, true},
		{"42", 42, true},
		{"-42", -42, true},
		{"1.0", 1, true},
		{"1e3", 1000, true},
		{"1E+3", 1000, true},
		{"120e-1", 12, true},
		{"1.5e1", 15, true},
		{"0.001e3", 1, true},
		{"100000000000000000000e-20", 1, true},
		{"9007199254740991", max, true},
		{"-9007199254740991", -max, true},
		{"9007199254740991.0", max, true},
		{"9.007199254740991e15", max, true},
		{"9007199254740992", 0, false},
		{"9007199254740993", 0, false},
		{"-9007199254740993", 0, false},
		{"9007199254740990.5", 0, false}, // a float64 would be whole
		{"0.99999999999999999999", 0, false},
		{"1.5", 0, false},
		{"1e-1", 0, false},
		{"1e16", 0, false},
		{"1e300", 0, false},
		{"1e-99999999999999999999", 0, false},
		{"1e99999999999999999999", 0, false},
		{"123456789012345678901234567890", 0, false},
		{strictjson.Number("1" + strings.Repeat("0", 5000) + "e-5000"), 1, true},
		{"", 0, false},
		{"abc", 0, false},
		{"1x", 0, false},
		{"1e", 1, true}, // not a number of ours; any answer will do but a panic
	} {
		if got, ok := tt.in.Int64(); got != tt.want || ok != tt.ok {
			t.Errorf("Number(%.40s).Int64() = %d, %t, want %d, %t", tt.in, got, ok, tt.want, tt.ok)
		}
	}
}

func TestNumberFloat64(t *testing.T) {
	for in, want := range map[strictjson.Number]float64{
		"0.1": 0.1, "-1e-7": -1e-7, "9007199254740993": 9007199254740992, "1e-400": 0,
	} {
		if got := in.Float64(); got != want {
			t.Errorf("Number(%s).Float64() = %v, want %v", in, got, want)
		}
	}
	for _, in := range []strictjson.Number{"", "x", "1e400"} {
		if got := in.Float64(); !math.IsNaN(got) {
			t.Errorf("Number(%s).Float64() = %v, want NaN", in, got)
		}
	}
}

func TestNumberIsInteger(t *testing.T) {
	for in, want := range map[strictjson.Number]bool{
		"0": true, "-12": true, "123456789012345678901234567890": true, "1.0": false, "1e3": false, "1E3": false, "": false,
	} {
		if got := in.IsInteger(); got != want {
			t.Errorf("Number(%s).IsInteger() = %t, want %t", in, got, want)
		}
	}
}

// Int64 agrees with arithmetic that never rounds.
func FuzzNumber(f *testing.F) {
	for _, seed := range []string{"0", "-1.50e1", "9007199254740993", "1e22", "0.1e1", "900719925474099.1e1", "10e-2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value, err := strictjson.Parse([]byte(text), strictjson.Limits{})
		number, ok := value.(strictjson.Number)
		if err != nil || !ok {
			return
		}
		if at := strings.IndexAny(text, "eE"); at >= 0 {
			if power, err := strconv.Atoi(strings.TrimSpace(text[at+1:])); err != nil || power < -2000 || power > 2000 {
				return // too many digits to compute with
			}
		}
		exact, ok := new(big.Rat).SetString(string(number))
		if !ok {
			t.Fatalf("big.Rat does not take %s", number)
		}
		limit := big.NewInt(1<<53 - 1)
		want := exact.IsInt() && new(big.Int).Abs(exact.Num()).Cmp(limit) <= 0
		got, ok := number.Int64()
		if ok != want {
			t.Fatalf("Number(%s).Int64() = %d, %t, want %t", number, got, ok, want)
		}
		if ok && got != exact.Num().Int64() {
			t.Fatalf("Number(%s).Int64() = %d, want %s", number, got, exact.Num())
		}
	})
}
