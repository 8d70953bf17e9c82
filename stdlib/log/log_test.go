package log_test

import (
	"bytes"
	"context"
	gojson "encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/limit"
	"vera/stdlib/log"
	"vera/stdlib/runinfo"
)

const (
	token  = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"
	digest = "$2b$12$abcdefghijklmnopqrstuv0123456789ABCDEFGHIJKLMNOPQRSTU"
)

func run(t testing.TB) context.Context {
	return context.WithValue(t.Context(), runinfo.Key{}, &runinfo.Info{Action: "Login", RequestID: "r-1", Version: "v7"})
}

// line returns the one line that a call of Log writes, as JSON.
func line(t testing.TB, message string, attributes map[string]any) map[string]any {
	t.Helper()
	var out bytes.Buffer
	log.New(slog.New(slog.NewJSONHandler(&out, nil))).Log(run(t), slog.LevelInfo, message, attributes)
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Fatalf("%d lines: %q", n, out.String())
	}
	var fields map[string]any
	if err := gojson.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "time")
	return fields
}

func TestLine(t *testing.T) {
	got := line(t, "logged in", map[string]any{
		"id": 7.0, "ok": true, "none": nil, "tags": []any{"a", 1.5}, "nested": map[string]any{"b": "c"}, "action": "Forged",
	})
	want := map[string]any{
		"level": "INFO", "msg": "logged in", "action": "Login", "ref": "r-1", "version": "v7",
		"script": map[string]any{
			"id": 7.0, "ok": true, "none": nil, "tags": []any{"a", 1.5}, "nested": map[string]any{"b": "c"}, "action": "Forged",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
	if _, exists := line(t, "alone", nil)["script"]; exists {
		t.Error("no attributes, and yet a group")
	}
}

func TestSecretsAreHidden(t *testing.T) {
	const secret = "hunter2-very-secret"
	for _, name := range []string{
		"password", "Password", "new_password", "passwd", "passphrase", "password_digest", "digest", "secret", "JWT_SECRET", "token",
		"refresh_token", "jwt", "Authorization", "cookie", "set-cookie", "api_key", "apiKey", "private-key", "credentials",
	} {
		got := line(t, "signed up", map[string]any{
			name: secret, "deep": []any{map[string]any{name: secret}}, name + "_list": []any{secret}, name + "_map": map[string]any{"x": secret},
		})
		want := map[string]any{
			name: "***", "deep": []any{map[string]any{name: "***"}}, name + "_list": "***", name + "_map": "***",
		}
		if diff := cmp.Diff(want, got["script"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, text := range []string{token, digest, "token " + token + "!", "x" + digest, "$hmac-sha384" + digest} {
		got := fmt.Sprint(line(t, text, map[string]any{"note": text, text: 1.0}))
		if strings.Contains(got, "eyJ") || strings.Contains(got, "$2b") {
			t.Errorf("%q is logged as %s", text, got)
		}
	}
	if got := line(t, "keyJob costs $20", nil)["msg"]; got != "keyJob costs $20" {
		t.Errorf("an innocent text is logged as %q", got)
	}
}

func TestOneLineWhateverIsSaid(t *testing.T) {
	for in, want := range map[string]string{
		"<script>":           "<script>",
		"a\nlevel=ERROR":     `a\nlevel=ERROR`,
		"a\r\x1b[31mred":     `a\r\x1b[31mred`,
		"a\u202egnp.exe":     `a\u202egnp.exe`,
		"a\u2028b\x00\u0085": `a\u2028b\x00\u0085`,
		"a\xffb":             `a\xffb`,
		"naïve 日本 😀":         "naïve 日本 😀",
	} {
		got := line(t, in, map[string]any{in: in})
		if got["msg"] != want {
			t.Errorf("message %q is logged as %q, want %q", in, got["msg"], want)
		}
		if script := got["script"].(map[string]any); script[want] != want {
			t.Errorf("attribute %q is logged as %q", in, script)
		}
	}
}

func TestCaps(t *testing.T) {
	long := strings.Repeat("é", 100_000)
	got := line(t, long, map[string]any{"long": long})
	if msg := got["msg"].(string); len(msg) > log.MaxMessage+40 || !strings.HasSuffix(msg, "bytes more)") || strings.Contains(msg, "\\x") {
		t.Errorf("a long message is logged as %d bytes: …%q", len(msg), msg[len(msg)-30:])
	}
	if value := got["script"].(map[string]any)["long"].(string); len(value) > log.MaxValue+40 {
		t.Errorf("a long value is logged as %d bytes", len(value))
	}
	many := make([]any, 1000)
	for i := range many {
		many[i] = float64(i)
	}
	script := line(t, "many", map[string]any{"many": many, "zero": 0.0})["script"].(map[string]any)
	if n := len(script["many"].([]any)); n != log.MaxValues-1 {
		t.Errorf("%d elements are logged", n)
	}
	if script["left_out"] != 1002.0-log.MaxValues {
		t.Errorf("left_out = %v", script["left_out"])
	}
}

// Of a long text only the part that is shown is searched for secrets, and none
// is half shown where it is cut.
func TestLongTextsAreCutFirst(t *testing.T) {
	for _, secret := range []string{token, digest} {
		for before := log.MaxMessage - len(secret) - 70; before < log.MaxMessage+70; before++ {
			text := strings.Repeat(" ", before) + secret + strings.Repeat(" x", 1000)
			msg := line(t, text, nil)["msg"].(string)
			if strings.Contains(msg, secret[7:12]) || !strings.Contains(msg, "bytes more)") {
				t.Fatalf("behind %d spaces, a secret is logged as %q", before, strings.TrimSpace(msg))
			}
		}
	}
	long := strings.Repeat("eyJ.", 2<<20)
	logger := log.New(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	start := time.Now()
	for range 20 { // each took a second
		logger.Log(run(t), slog.LevelInfo, long, map[string]any{"note": long, long: "hunter2"})
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("20 long lines take %v", took)
	}
	if got := fmt.Sprint(line(t, "x", map[string]any{strings.Repeat("x", 2000) + "password": "hunter2"})); strings.Contains(got, "hunter2") {
		t.Error("a password with a long name is shown")
	}
}

// A run logs so many lines, then one that says so; the next run begins anew.
func TestMaxLines(t *testing.T) {
	var out bytes.Buffer
	var noted []string
	logger := log.New(slog.New(slog.NewTextHandler(&out, nil)))
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("log", logger.Loader(limit.Limits{Exceeded: func(name string) { noted = append(noted, name) }}))
	for i := range 3 {
		out.Reset()
		ctx := context.WithValue(t.Context(), runinfo.Key{}, &runinfo.Info{Action: "Login", RequestID: fmt.Sprint("r-", i)})
		L.SetContext(ctx)
		if err := L.DoString(`for i = 1, 2000 do require("log").debug("unseen") require("log")[i % 2 == 0 and "info" or "error"]("line " .. i) end`); err != nil {
			t.Fatal(err)
		}
		text := out.String()
		last := fmt.Sprintf(`level=WARN msg="the run logs too many lines, the rest is left out" action=Login ref=r-%d version="" limit=1000`+"\n", i)
		if n := strings.Count(text, "\n"); n != log.MaxLines+1 || !strings.HasSuffix(text, last) || !strings.Contains(text, `msg="line 1000"`) {
			t.Errorf("%d lines, at the end:\n%s", n, text[max(0, len(text)-300):])
		}
	}
	if want := []string{"log lines", "log lines", "log lines"}; !slices.Equal(noted, want) {
		t.Errorf("noted %q", noted)
	}
}

func TestLevelIsAskedFirst(t *testing.T) {
	var out bytes.Buffer
	logger := log.New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
	logger.Log(run(t), slog.LevelInfo, "quiet", nil)
	logger.Log(run(t), slog.LevelWarn, "loud", nil)
	if text := out.String(); strings.Contains(text, "quiet") || !strings.Contains(text, "loud") {
		t.Errorf("logged: %s", text)
	}
}

func TestNoTextBreaksTheLine(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := string(rapid.SliceOf(rapid.Byte()).Draw(r, "text"))
		var out bytes.Buffer
		log.New(slog.New(slog.NewTextHandler(&out, nil))).Log(context.Background(), slog.LevelInfo, text, map[string]any{text: text})
		if line := out.String(); strings.Count(line, "\n") != 1 || strings.ContainsAny(line, "\r\x1b\x00\u202e\u2028") {
			r.Fatalf("%q is logged as %q", text, line)
		}
	})
}

func TestLua(t *testing.T) {
	var out bytes.Buffer
	logger := log.New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})))
	L := lua.NewState()
	defer L.Close()
	L.SetContext(run(t))
	L.PreloadModule("log", logger.Module)
	err := L.DoString(`
		local log = require("log")
		log.debug("one")
		log.info("two", { id = 7, password = "hunter2" })
		log.warn("three", {})
		log.error("four", nil)
		local function fails(part, ...)
			local ok, text = pcall(...)
			assert(not ok and text:find(part, 1, true), tostring(text))
		end
		fails("string expected", log.info, {})
		fails("table expected", log.info, "x", "y")
		fails("not a JSON value", log.info, "x", { f = print })
		fails("need names", log.info, "x", { 1, 2 })`)
	if err != nil {
		t.Error(err)
	}
	text := out.String()
	for _, part := range []string{
		"level=DEBUG msg=one action=Login ref=r-1 version=v7\n", "level=INFO msg=two", "script.id=7 script.password=***", "level=WARN msg=three", "level=ERROR msg=four",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
	if n := strings.Count(text, "\n"); n != 4 || strings.Contains(text, "hunter2") {
		t.Errorf("%d lines:\n%s", n, text)
	}
}

func TestLuaRefusesWhileLoading(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.SetContext(context.WithValue(t.Context(), runinfo.Key{}, &runinfo.Info{Loading: true}))
	L.PreloadModule("log", log.New(slog.New(slog.DiscardHandler)).Module)
	err := L.DoString(`require("log").info("x")`)
	if err == nil || !strings.Contains(err.Error(), "log.info cannot be called while the file is loaded") {
		t.Errorf("log.info while loading: %v", err)
	}
}

func ExampleLogger_Log() {
	plain := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	ctx := context.WithValue(context.Background(), runinfo.Key{}, &runinfo.Info{Action: "Login", RequestID: "r-1", Version: "v7"})
	log.New(slog.New(plain)).Log(ctx, slog.LevelInfo, "logged in", map[string]any{"id": 7.0, "password": "hunter2"})
	// Output: level=INFO msg="logged in" action=Login ref=r-1 version=v7 script.id=7 script.password=***
}
