package crypto_test

import (
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/crypto"
	"vera/stdlib/limit"
)

func TestRandom(t *testing.T) {
	for _, n := range []int{1, 32, crypto.MaxRandom} {
		if got, err := crypto.Random(n); err != nil || len(got) != n {
			t.Errorf("Random(%d) = %d bytes, %v", n, len(got), err)
		}
	}
	for _, n := range []int{0, -1, crypto.MaxRandom + 1} {
		if _, err := crypto.Random(n); err == nil {
			t.Errorf("Random(%d) succeeded", n)
		}
	}
	a, _ := crypto.Random(32)
	if b, _ := crypto.Random(32); a == b {
		t.Error("two random texts are equal")
	}
}

// Vectors of FIPS 180 and RFC 4231.
func TestHashes(t *testing.T) {
	for text, want := range map[string]string{
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		if got := crypto.Hex.Encode(crypto.SHA256(text)); got != want {
			t.Errorf("SHA256(%q) = %s, want %s", text, got, want)
		}
	}
	const want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if got := crypto.Hex.Encode(crypto.HMACSHA256("Jefe", "what do ya want for nothing?")); got != want {
		t.Errorf("HMACSHA256 = %s, want %s", got, want)
	}
}

func TestEqual(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{{"", "", true}, {"a\x00", "a\x00", true}, {"a", "b", false}, {"a", "a\x00", false}, {"", "a", false}} {
		if got := crypto.Equal(tt.a, tt.b); got != tt.want {
			t.Errorf("Equal(%q, %q) = %v", tt.a, tt.b, got)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, tt := range []struct {
		encoding    crypto.Encoding
		bytes, text string
	}{
		{crypto.Hex, "\x00\xff", "00ff"}, {crypto.Hex, "", ""},
		{crypto.Base64, "\xfb\xff", "+/8="}, {crypto.Base64, "a", "YQ=="}, {crypto.Base64, "abc", "YWJj"},
		{crypto.Base64URL, "\xfb\xff", "-_8"}, {crypto.Base64URL, "a", "YQ"},
	} {
		if got := tt.encoding.Encode(tt.bytes); got != tt.text {
			t.Errorf("Encode(%q) = %q, want %q", tt.bytes, got, tt.text)
		}
		if got, err := tt.encoding.Decode(tt.text); err != nil || got != tt.bytes {
			t.Errorf("Decode(%q) = %q, %v, want %q", tt.text, got, err, tt.bytes)
		}
	}
	for _, tt := range []struct {
		encoding crypto.Encoding
		text     string
	}{
		{crypto.Hex, "0"}, {crypto.Hex, "0g"}, {crypto.Hex, "00 "}, {crypto.Hex, "0x00"},
		{crypto.Base64, "YQ"}, {crypto.Base64, "YR=="}, {crypto.Base64, "YQ==\n"}, {crypto.Base64, "YW\nJj"}, {crypto.Base64, "-_8="}, {crypto.Base64, "Y"},
		{crypto.Base64URL, "YQ=="}, {crypto.Base64URL, "YR"}, {crypto.Base64URL, "Y\rQ"}, {crypto.Base64URL, "+/8"},
	} {
		if got, err := tt.encoding.Decode(tt.text); err == nil {
			t.Errorf("Decode(%q) = %q", tt.text, got)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		for _, e := range []crypto.Encoding{crypto.Hex, crypto.Base64, crypto.Base64URL} {
			if got, err := e.Decode(e.Encode(in)); err != nil || got != in {
				t.Fatalf("%q becomes %q, %v", in, got, err)
			}
		}
	})
}

// Of the base64 forms, each text that is read is the one that is written.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"YQ==", "YR==", "YQ", "-_8", "YW\nJj", "00ff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, e := range []crypto.Encoding{crypto.Base64, crypto.Base64URL} {
			if bytes, err := e.Decode(text); err == nil && e.Encode(bytes) != text {
				t.Errorf("%q is read, but %q is written", text, e.Encode(bytes))
			}
		}
		if bytes, err := crypto.Hex.Decode(text); err == nil && crypto.Hex.Encode(bytes) != strings.ToLower(text) {
			t.Errorf("%q is read, but %q is written", text, crypto.Hex.Encode(bytes))
		}
	})
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("crypto", crypto.Module)
	err := L.DoString(`
		local crypto = require("crypto")
		assert(#crypto.random(1) == 1 and #crypto.random(1024) == 1024)
		assert(crypto.hex.encode(crypto.sha256("abc")):sub(1, 8) == "ba7816bf")
		assert(#crypto.hmac_sha256("key", "text") == 32)
		assert(crypto.equal("a", "a") and not crypto.equal("a", "b"))
		assert(crypto.hex.decode("00FF") == "\0\255" and crypto.hex.encode("\0\255") == "00ff")
		assert(crypto.base64.encode("\251\255") == "+/8=" and crypto.base64.decode("+/8=") == "\251\255")
		assert(crypto.base64url.encode("\251\255") == "-_8" and crypto.base64url.decode("-_8") == "\251\255")
		for _, encoding in ipairs({ crypto.hex, crypto.base64, crypto.base64url }) do
			local none, code, message = encoding.decode("!")
			assert(none == nil and code == "invalid" and #message > 5)
		end
		for _, n in ipairs({ 0, -1, 1025, 1.5, 1/0, 0/0 }) do assert(not pcall(crypto.random, n)) end
		assert(not pcall(crypto.sha256, {}) and not pcall(crypto.equal, "a"))`)
	if err != nil {
		t.Error(err)
	}
}

// What is encoded is never longer than a string may be, however it is encoded.
func TestStringBytes(t *testing.T) {
	var noted []string
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("crypto", crypto.Loader(limit.Limits{StringBytes: 100, Exceeded: func(name string) { noted = append(noted, name) }}, nil))
	err := L.DoString(`
		local crypto = require("crypto")
		for name, most in pairs({ hex = 50, base64 = 75, base64url = 75 }) do
			assert(#crypto[name].encode(("x"):rep(most)) == 100)
			local ok, text = pcall(crypto[name].encode, ("x"):rep(most + 1))
			assert(not ok and text:find("string too long: 10%d bytes, the limit is 100 %(MAX_STRING_BYTES%)"), text)
			assert(crypto[name].decode(("00"):rep(50)))
			local none, code, message = crypto[name].decode(("00"):rep(51))
			assert(none == nil and code == "invalid" and message == "string too long: 102 bytes, the limit is 100 (MAX_STRING_BYTES)", message)
		end`)
	if err != nil {
		t.Error(err)
	}
	if len(noted) != 6 || noted[0] != limit.StringBytes {
		t.Errorf("noted %q", noted)
	}
	if err := L.DoString(`require("crypto").hex.encode(("x"):rep(50))`); err != nil {
		t.Error(err)
	}
}

func Example() {
	fmt.Println(crypto.Hex.Encode(crypto.HMACSHA256("key", "hello")))
	// Output: 9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b
}
