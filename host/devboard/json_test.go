package devboard

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNormalize(t *testing.T) {
	tests := []struct{ in, want string }{
		{` { "b" : 1 , "a" : [ true , false , null ] } `, `{"a":[true,false,null],"b":1}`},
		{`{"a":1,"\u0061":2,"b":{"d":1,"c":2},"a":3}`, `{"a":3,"b":{"c":2,"d":1}}`},
		{`{}`, `{}`},
		{`[]`, `[]`},
		{`-0`, `0`},
		{`-0.0`, `-0.0`},
		{`1.0`, `1.0`},
		{`1E+5`, `1.0e5`},
		{`1.5E-5`, `1.5e-5`},
		{`1e-400`, `1.0e-400`},
		{`123456789012345678901234567890`, `123456789012345678901234567890`},
		{`"\ud83d\ude00 \" \\ \/ \b\f\n\r\t \u0000 é"`, `"\ud83d\ude00 \" \\ \/ \b\f\n\r\t \u0000 é"`},
	}
	for _, tt := range tests {
		got, err := normalize([]byte(tt.in))
		if err != nil || string(got) != tt.want {
			t.Errorf("normalize(%s) = %s, %v, want %s", tt.in, got, err, tt.want)
		}
	}
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	if got, err := normalize([]byte(deep)); err != nil || string(got) != deep {
		t.Errorf("200,000 levels: %v, want them to pass", err)
	}
}

func TestNormalizeRefuses(t *testing.T) {
	for _, in := range []string{
		``, ` `, `{`, `[`, `"`, `"a`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1]`, `{1:2}`, `[1,]`, `[1 2]`, `[1}`, `1 2`, `{}x`,
		`nul`, `NaN`, `Infinity`, `-`, `+1`, `01`, `-01`, `1.`, `.5`, `1e`, `1e+`, `0x1`, `1e400`, `-1e400`, `1.5e999`,
		`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, `"\ud800\n"`, `"\u12"`, `"\u12g4"`, `"\x"`, `"\`, "\"a\nb\"", "\"\x00\"", "\"\xff\"", "\xff",
		strings.Repeat("[", maxDepth+2) + strings.Repeat("]", maxDepth+2),
	} {
		if got, err := normalize([]byte(in)); err == nil {
			t.Errorf("normalize(%.40q) = %.40s, want an error", in, got)
		}
	}
}

// What normalize takes, encoding/json takes with the same value; what it
// refuses though encoding/json takes it, is one of the three known kinds.
func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{
		`{"topic":"service","event":"phx_join","payload":{},"ref":"1"}`, `{"b":1,"a":[-0,1e5,"\ud83d\ude00"],"a":2}`,
		`"\ud800"`, `1e400`, `[[[{}]]]`, `{"a":1,}`, "\"\xff\"", `-0.0`, `  null `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := normalize(data)
		var want, have any
		wantErr := json.Unmarshal(data, &want)
		if err != nil {
			if wantErr == nil && utf8.Valid(data) && !strings.Contains(string(data), `\u`) {
				t.Fatalf("normalize(%q): %v, but encoding/json takes it", data, err)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("normalize(%q) = %s, but it is not JSON", data, got)
		}
		if wantErr != nil { // valid, but an exotic number such as a huge integer
			return
		}
		if err := json.Unmarshal(got, &have); err != nil || !reflect.DeepEqual(want, have) {
			t.Fatalf("normalize(%q) = %s: %v; values %v and %v differ", data, got, err, want, have)
		}
		again, err := normalize(got)
		if err != nil || string(again) != string(got) {
			t.Fatalf("normalize twice: %s, then %s (%v)", got, again, err)
		}
	})
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte(`{"topic":"service","event":"response","payload":{"status_code":200,"message":"","fields":{}},"ref":"r"}`))
	f.Add([]byte(`{"topic":1,"event":null,"payload":[],"ref":{},"join_ref":"x"}`))
	f.Add([]byte(`[null,"2","phoenix","heartbeat",{}]`))
	f.Add([]byte(`{"topic":"service","topic":"phoenix"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parseFrame(data)
		if err != nil {
			return
		}
		for _, part := range []json.RawMessage{got.topic, got.event, got.payload, got.ref} {
			if !json.Valid(part) {
				t.Fatalf("parseFrame(%q) holds %q", data, part)
			}
		}
		if reply := got.reply("ok", "{}"); !json.Valid(reply) {
			t.Fatalf("reply to %q is %s", data, reply)
		}
		interpret(got.payload)
	})
}
