package caller_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vera/host/caller"
)

func TestMain(m *testing.M) {
	http.DefaultTransport.(*http.Transport).DisableKeepAlives = true
	goleak.VerifyTestMain(m)
}

// manifest is what a host publishes of an action with fields of every type.
const manifest = `{
	"Order": {"description": "Orders", "fields": {
		"name": {"type": "string", "description": "Who &lt;orders&gt;"},
		"count": {"type": "integer", "description": "How many", "default": 1},
		"price": {"type": "number", "description": "At most", "default": null},
		"gift": {"type": "boolean", "description": "Wrapped", "default": false},
		"tags": {"type": "array", "description": "Marks", "default": null},
		"extra": {"type": "object", "description": "Anything", "default": null},
		"address": {"type": "object", "description": "Where to", "default": null, "fields": {
			"zip": {"type": "string", "description": "Post code"},
			"floor": {"type": "integer", "description": "Floor", "default": null}}}}},
	"Cancel": {"description": "Cancels", "fields": {}}}`

func catalogue(t *testing.T) caller.Catalogue {
	t.Helper()
	c, err := caller.ParseCatalogue([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFields(t *testing.T) {
	types := catalogue(t)["Order"].Fields
	for _, tt := range []struct {
		args  string
		typed bool
		want  string
	}{
		{"", true, `{}`},
		{"name=Ada", true, `{"name":"Ada"}`},
		{"name=007 count=7", true, `{"count":7,"name":"007"}`},
		{"name=true count=-3 price=1.50 gift=true", true, `{"count":-3,"gift":true,"name":"true","price":1.50}`},
		{"name=", true, `{"name":""}`},
		{"name=a=b", true, `{"name":"a=b"}`},
		{`name=say"hi"`, true, `{"name":"say\"hi\""}`},
		{"count=9007199254740993", true, `{"count":9007199254740993}`},
		{"count=many gift=yes price=true", true, `{"count":"many","gift":"yes","price":"true"}`},
		{`tags=["a",1] extra={"b":[]}`, true, `{"extra":{"b":[]},"tags":["a",1]}`},
		{"tags=a extra=1", true, `{"extra":"1","tags":"a"}`},
		{"address.zip=01234 address.floor=2", true, `{"address":{"floor":2,"zip":"01234"}}`},
		{"extra.a.b=1 extra.a.c=x", true, `{"extra":{"a":{"b":1,"c":"x"}}}`},
		{"name:=7 price:=null", true, `{"name":7,"price":null}`},
		{`address:={"zip":"1"}`, true, `{"address":{"zip":"1"}}`},
		{"other=1", true, `{"other":1}`},
		{"name=Ada count=7 phone=+1555 zip=01 ok=true no=null", false, `{"count":7,"name":"Ada","no":null,"ok":true,"phone":"+1555","zip":"01"}`},
		{`list=[1,2] text="quoted"`, false, `{"list":[1,2],"text":"quoted"}`},
	} {
		var known map[string]caller.Type
		if tt.typed {
			known = types
		}
		got, err := caller.Fields(strings.Fields(tt.args), known)
		if err != nil || string(got) != tt.want {
			t.Errorf("Fields(%s), typed %v = %s, %v; want %s", tt.args, tt.typed, got, err, tt.want)
		}
	}
}

func TestFieldsRefused(t *testing.T) {
	for _, tt := range []struct{ args, want string }{
		{"name", `"name" is no field: write key=value, key:=json, or a.b=value`},
		{"=x", "is no field"},
		{":=1", "is no field"},
		{"a..b=1", "nothing stands beside a dot"},
		{".a=1", "nothing stands beside a dot"},
		{"a=1 a=2", "the field a is given twice"},
		{"a=1 a.b=2", "the field a is given a value of its own, and within it a.b"},
		{"a.b=2 a=1", "the field a is given twice"},
		{"a:=x1secret", "the value of a:= is not JSON"},
		{"a:=", "is not JSON"},
		{"a=\xff", "is not UTF-8"},
	} {
		got, err := caller.Fields(strings.Fields(tt.args), nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("Fields(%s) = %s, %v; want %s", tt.args, got, err, tt.want)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add("name=Ada", "address.zip=1")
	f.Add("a:={}", "a.b:=1")
	f.Add("tags=[", "count=1e9")
	types, err := caller.ParseCatalogue([]byte(manifest))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		fields, err := caller.Fields([]string{a, b}, types["Order"].Fields)
		if err == nil && (!json.Valid(fields) || fields[0] != '{') {
			t.Errorf("Fields(%q, %q) = %s", a, b, fields)
		}
		types.Hints("Order", fields)
	})
}

func TestHints(t *testing.T) {
	c := catalogue(t)
	for _, tt := range []struct {
		action, fields string
		want           []string
	}{
		{"Order", `{"name":"x"}`, nil},
		{"Cancel", `{}`, nil},
		{"Ordr", `{}`, []string{`there is no action "Ordr", did you mean "Order"?`}},
		{"Ship", `{}`, []string{`there is no action "Ship"; there are Cancel, Order`}},
		{"Order", `{"nmae":"x"}`, []string{
			`Order has no field "nmae", did you mean "name"?`, "Order needs name (string): Who <orders>"}},
		{"Order", `{"name":"x","wholly_other":1}`, []string{
			`Order has no field "wholly_other"; its fields are address, count, extra, gift, name, price, tags`}},
		{"Order", `{"name":"x","extra":{"any":1},"address":{"zap":1}}`, []string{
			`Order has no field "address.zap", did you mean "zip"?`, "Order needs address.zip (string): Post code"}},
		{"Order", `{"name":"x","address":null}`, nil},
		{"Cancel", `{"why":1}`, []string{`Cancel has no field "why"`}},
		{"Order", `[1]`, nil},
	} {
		if diff := cmp.Diff(tt.want, c.Hints(tt.action, json.RawMessage(tt.fields))); diff != "" {
			t.Errorf("%s %s: -want +got\n%s", tt.action, tt.fields, diff)
		}
	}
}

func TestPrint(t *testing.T) {
	for _, tt := range []struct {
		status int
		body   string
		want   string
	}{
		{200, `{"fields":{"a":[1,{}]},"message":null}`, "200 OK  12.3 ms\n{\n  \"a\": [\n    1,\n    {}\n  ]\n}\n"},
		{201, `{"fields":null,"message":"Made"}`, "201 Created  12.3 ms\nMade\n"},
		{200, `{"fields":"text","message":null}`, "200 OK  12.3 ms\n\"text\"\n"},
		{422, `{"message":"No service consumers are available","status":"error"}`, "422 Unprocessable Entity  12.3 ms\nNo service consumers are available\n"},
		{500, `{"errors":{"detail":"Internal Server Error"}}`, "500 Internal Server Error  12.3 ms\n{\n  \"errors\": {\n    \"detail\": \"Internal Server Error\"\n  }\n}\n"},
		{404, "Not Found\n", "404 Not Found  12.3 ms\nNot Found\n"},
		{204, "", "204 No Content  12.3 ms\n"},
		{299, `[1]`, "299  12.3 ms\n[\n  1\n]\n"},
		// Nothing in an answer commands the terminal.
		{200, `{"fields":null,"message":"\u001b[2Jgone\r"}`, "200 OK  12.3 ms\n\uFFFD[2Jgone\uFFFD\n"},
		{200, "\x1b]0;title\x07\u009b2J", "200 OK  12.3 ms\n\uFFFD]0;title\uFFFD\uFFFD2J\n"},
	} {
		var b strings.Builder
		answer := caller.Answer{Status: tt.status, Body: []byte(tt.body), Took: 12345 * time.Microsecond}
		if err := answer.Print(&b, false); err != nil || b.String() != tt.want {
			t.Errorf("%d %s is shown as\n%swant\n%s", tt.status, tt.body, b.String(), tt.want)
		}
	}
}

func TestPrintColoured(t *testing.T) {
	body := `{"fields":{"a:b":"x \"y\": 1, true","n":-1.5e3,"t":true,"z":null},"message":"Done"}`
	var b strings.Builder
	if err := (caller.Answer{Status: 418, Body: []byte(body), Took: time.Millisecond}).Print(&b, true); err != nil {
		t.Fatal(err)
	}
	mark := strings.NewReplacer("\x1b[0m", "]", "\x1b[32m", "green[", "\x1b[33m", "yellow[", "\x1b[36m", "cyan[", "\x1b[2m", "dim[")
	want := `yellow[418 I'm a teapot]  dim[1.0 ms]
Done
{
  cyan["a:b"]: green["x \"y\": 1, true"],
  cyan["n"]: yellow[-1.5e3],
  cyan["t"]: yellow[true],
  cyan["z"]: yellow[null]
}
`
	if got := mark.Replace(b.String()); got != want {
		t.Errorf("shown as\n%swant\n%s", got, want)
	}
	for status, colour := range map[int]string{200: "green[", 302: "cyan[", 404: "yellow[", 503: "\x1b[31m"} {
		var b strings.Builder
		_ = caller.Answer{Status: status}.Print(&b, true)
		if !strings.HasPrefix(mark.Replace(b.String()), colour) {
			t.Errorf("%d is shown as %q", status, b.String())
		}
	}
}

func TestCheckURL(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:4000":     "http://127.0.0.1:4000/",
		"localhost:4000":     "http://localhost:4000/",
		"https://hub.test":   "https://hub.test/",
		"https://hub.test/a": "https://hub.test/a",
	} {
		if got, err := caller.CheckURL(text); err != nil || got != want {
			t.Errorf("CheckURL(%s) = %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "ftp://x", "http://", "http://me:secret@hub", "http://hub?token=secret", "http://hub#x", "http://a b"} {
		if got, err := caller.CheckURL(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("CheckURL(%s) = %s, %v", text, got, err)
		}
	}
}

// A hub tells nothing of its actions; the token goes with calls alone.
func TestHub(t *testing.T) {
	var calls []string
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.Header.Get("Authorization"))
		if r.Method == http.MethodGet {
			fmt.Fprint(w, "<html>the hub</html>")
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusFound)
	}))
	defer hub.Close()
	client := &caller.Client{URL: hub.URL, Token: "abc", Service: 7}
	if _, ok, err := client.Status(t.Context()); ok || err != nil {
		t.Errorf("Status: %v, %v", ok, err)
	}
	answer, err := client.Call(t.Context(), "Order", json.RawMessage(`{}`))
	if err != nil || answer.Status != http.StatusFound {
		t.Errorf("Call: %d, %v; a redirect is the answer", answer.Status, err)
	}
	if diff := cmp.Diff([]string{"GET ", "POST Bearer abc"}, calls); diff != "" {
		t.Error(diff)
	}
	if err := client.Watch(t.Context(), nil, nil); !errors.Is(err, caller.ErrNoReloads) {
		t.Errorf("Watch: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	client := &caller.Client{URL: "http://" + address, Token: "hidden"}
	_, err = client.Call(t.Context(), "Order", json.RawMessage(`{}`))
	if want := "nobody answers at http://" + address + ": connection refused"; !errors.Is(err, caller.ErrUnreachable) || err.Error() != want {
		t.Errorf("Call: %v, want %s", err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = client.Call(ctx, "Order", json.RawMessage(`{}`)); !errors.Is(err, context.Canceled) {
		t.Errorf("Call with a context that is over: %v", err)
	}
}

func ExampleFields() {
	types := map[string]caller.Type{"name": {Name: "string"}, "times": {Name: "integer"}}
	fields, _ := caller.Fields([]string{"name=007", "times=2", "tag.colour=red"}, types)
	fmt.Println(string(fields))
	// Output: {"name":"007","tag":{"colour":"red"},"times":2}
}
