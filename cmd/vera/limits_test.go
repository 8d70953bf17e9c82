package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// limitActions reach each limit on request.
var limitActions = map[string]string{
	"echo.lua": deliveryActions["echo.lua"],
	"take.lua": `return { description = "Test", fields = { text = { type = "string", description = "T" } },
		run = function(fields) return { status_code = 200, fields = #fields.text } end }`,
	"loop.lua":   `return { description = "Test", fields = {}, timeout = 0.1, run = function() while true do end end }`,
	"sleep.lua":  `return { description = "Test", fields = {}, timeout = 1, run = function() require("db").one("select pg_sleep(0.7)") return { status_code = 200 } end }`,
	"deep.lua":   `return { description = "Test", fields = {}, run = function() return { status_code = 200, fields = { { { { { 1 } } } } } } end }`,
	"many.lua":   `return { description = "Test", fields = {}, run = function() return { status_code = 200, fields = { string.byte(("x"):rep(200), 1, -1) } } end }`,
	"large.lua":  `return { description = "Test", fields = {}, run = function() return { status_code = 200, fields = ("x"):rep(2000) } end }`,
	"long.lua":   `return { description = "Test", fields = {}, run = function() pcall(string.rep, "x", 4000) return { status_code = 200 } end }`,
	"match.lua":  `return { description = "Test", fields = {}, run = function() return { status_code = ("a"):rep(100):find(("a*"):rep(30) .. "b") and 200 } end }`,
	"call.lua":   `return { description = "Test", fields = {}, run = function() local function f() return 1 + f() end return f() end }`,
	"refuse.lua": `return { description = "Test", fields = {}, run = function() error("no") end }`,
}

// Each limit that is reached is counted under its setting's name, and told of
// in the log, with no more than one line however often it happens.
func TestLimitsAreTold(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	health := listener.Addr().String()
	listener.Close()
	const most = 1024
	s := newStack(t, stackOptions{actions: writeActions(t, limitActions), env: map[string]string{
		"HEALTH_ADDRESS": health, "MAX_REQUEST_BYTES": fmt.Sprint(most), "POOL_SIZE": "4", "MAX_IN_FLIGHT": "6", "DB_MAX_CONNECTIONS": "2",
		"MAX_DEPTH": "4", "MAX_REQUEST_ELEMENTS": "100", "MAX_RESPONSE_ELEMENTS": "100", "MAX_RESPONSE_BYTES": "1024", "MAX_STRING_BYTES": "3000",
		"MAX_PATTERN_STEPS": "1000", "MAX_CALL_DEPTH": "50",
	}})
	envelope := len(`{"text":""}`)
	for size, want := range map[int]int{most - envelope: 200, most - envelope + 1: 413} {
		answer, err := s.board.Call(t.Context(), "Take", map[string]any{"text": strings.Repeat("x", size)})
		if err != nil || answer.Status != want {
			t.Errorf("%d bytes of fields: %d %s, %v; want %d", size+envelope, answer.Status, answer.Message, err, want)
		}
	}
	for action, want := range map[string]int{"Deep": 500, "Many": 500, "Large": 500, "Long": 200, "Match": 500, "Call": 500} {
		mustBe(t, callAll(t, s.board, 1, action, none)(), map[int]int{want: 1})
	}
	for _, fields := range []string{`{"n":1,"more":[[[[[1]]]]]}`, `{"n":1,"more":[` + strings.Repeat("1,", 100) + `1]}`} {
		mustBe(t, callAll(t, s.board, 1, "Echo", func(int) any { return json.RawMessage(fields) })(), map[int]int{400: 1})
	}
	mustBe(t, callAll(t, s.board, 2, "Loop", none)(), map[int]int{504: 2})
	mustBe(t, callAll(t, s.board, 1, "Refuse", none)(), map[int]int{500: 1})
	mustBe(t, callAll(t, s.board, 1, "Nothing", none)(), map[int]int{404: 1})
	// Three of four VMs are one action's share, and two connections there are.
	if got := callAll(t, s.board, 20, "Sleep", none)(); got[503] < 14 || got[200] < 2 {
		t.Errorf("answers %v", got)
	}
	mustBe(t, callAll(t, s.board, 1, "Echo", none)(), map[int]int{200: 1})

	response, err := http.Get("http://" + health + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`vera_limit_exceeded_total{limit="MAX_REQUEST_BYTES"} 1`, `vera_limit_exceeded_total{limit="ACTION_TIMEOUT"} `,
		`vera_limit_exceeded_total{limit="MAX_IN_FLIGHT"} `, `vera_limit_exceeded_total{limit="DB_MAX_CONNECTIONS"} `,
		`vera_requests_total{action="Loop",status="504"} 2`, `vera_requests_total{action="Refuse",status="500"} 1`,
		`vera_requests_total{action="",status="404"} 1`, `vera_request_duration_seconds_count{action="Echo"} 3`,
		`vera_limit_exceeded_total{limit="MAX_DEPTH"} 2`, `vera_limit_exceeded_total{limit="MAX_REQUEST_ELEMENTS"} 1`,
		`vera_limit_exceeded_total{limit="MAX_RESPONSE_ELEMENTS"} 1`, `vera_limit_exceeded_total{limit="MAX_RESPONSE_BYTES"} 1`,
		`vera_limit_exceeded_total{limit="MAX_STRING_BYTES"} 1`, `vera_limit_exceeded_total{limit="MAX_PATTERN_STEPS"} 1`,
		`vera_limit_exceeded_total{limit="MAX_CALL_DEPTH"} 1`,
		"vera_hub_joined 1", "vera_hub_answers_total ", "vera_actions 11", "vera_actions_stale 0", "vera_vms_running 0", "vera_database_connections ", "go_goroutines ",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", body)
	}
	logged := s.logs.String()
	for _, name := range []string{"MAX_REQUEST_BYTES", "ACTION_TIMEOUT", "MAX_IN_FLIGHT", "DB_MAX_CONNECTIONS"} {
		if n := strings.Count(logged, `"level":"WARN","msg":"limit reached","limit":"`+name+`"`); n != 1 {
			t.Errorf("%d lines of the log tell of %s, want 1", n, name)
		}
	}
}

// Hostile requests that come all at once cost nobody else his answer.
func TestManyHostileAtOnce(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{actions: writeActions(t, map[string]string{
		"echo.lua": deliveryActions["echo.lua"],
		"loop.lua": `return { description = "Test", fields = {}, timeout = 2, run = function() while true do end end }`,
	}), env: map[string]string{"POOL_SIZE": "16"}})
	wait := callAll(t, s.board, 64, "Loop", none)
	until(t, "its share of the pool is taken", func() bool { running, _ := s.service.scripts.Load(); return running == 12 })
	for range 10 {
		start := time.Now()
		mustBe(t, callAll(t, s.board, 1, "Echo", none)(), map[int]int{200: 1})
		t.Logf("a healthy request beside them takes %v", time.Since(start))
	}
	got := wait()
	if got[504] < 12 || got[504]+got[503] != 64 {
		t.Errorf("answers %v, want 504 and 503", got)
	}
}
