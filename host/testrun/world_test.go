package testrun_test

import (
	"strings"
	"testing"
)

// The database keeps nothing, of tests that pass and of those that do not.
func TestDatabaseKeepsNothing(t *testing.T) {
	f := newFixture(t, 2, map[string]string{
		"add.lua": action(addNote),
		"a_test.lua": `
			local db = require("db")
			test("passes", function() expect(call("Add", { text = "a" }).status_code):equals(201) end)
			test("fails", function() call("Add", { text = "b" }) expect(db.one("SELECT count(*) AS n FROM notes").n):equals(7) end)
			test("raises", function() db.exec("INSERT INTO notes (text) VALUES ('c')") error("no") end)
			test("makes a table", function() db.exec("CREATE TABLE more (x int)") db.exec("INSERT INTO more VALUES (1)") end)
			test("commits", function() db.exec("INSERT INTO notes (text) VALUES ('d')") db.exec("COMMIT") end)`,
	})
	outcome := f.run(t)
	if failed := outcome.Failed(); failed != 3 {
		t.Errorf("%d tests failed", failed)
	}
	if got := outcome.Results[1].Failure.Got; got != "1" {
		t.Errorf("the test saw %s rows", got)
	}
	var rows, tables int
	if err := f.pool.QueryRow(t.Context(), "SELECT (SELECT count(*) FROM notes), (SELECT count(*) FROM pg_class WHERE relname = 'more')").Scan(&rows, &tables); err != nil {
		t.Fatal(err)
	}
	if rows != 0 || tables != 0 {
		t.Errorf("%d rows and %d tables were kept", rows, tables)
	}
}

// Time and chance are what the test says, in its own code, in the action's and
// in SQL.
func TestPinned(t *testing.T) {
	f := newFixture(t, 1, map[string]string{
		"draw.lua": action(`
			local uuid, crypto, time, db = require("uuid"), require("crypto"), require("time"), require("db")
			return { status_code = 200, fields = { v4 = uuid.v4(), v7 = uuid.v7(), bytes = crypto.hex.encode(crypto.random(8)),
				number = math.random(1000000), now = time.now(), sql = db.one("SELECT now() AS t").t } }`),
		"a_test.lua": `
			local time, uuid = require("time"), require("uuid")
			local function drawn()
				test.clock("2026-01-01T00:00:00Z")
				test.seed(1)
				return call("Draw").fields
			end
			test("pinned", function()
				local first = drawn()
				expect(first.now):equals(1767225600)
				expect(first.sql):equals(1767225600)
				expect(time.now()):equals(1767225600)
				expect(first.v7):matches("^019b76da%-a800%-7")
				local other = call("Draw").fields
				for _, name in ipairs({ "v4", "v7", "bytes", "number" }) do
					expect(other[name]).never:equals(first[name])
				end
				test.seed(1)
				expect(call("Draw").fields.v4):equals(first.v4)
				test.seed(1)
				expect(uuid.v4()):equals(first.v4)
				test.seed(2)
				expect(call("Draw").fields.v4).never:equals(first.v4)
				test.advance(90.5)
				expect(call("Draw").fields):contains({ now = 1767225690, sql = 1767225690.5 })
				test.clock(1800000000)
				expect(call("Draw").fields):contains({ now = 1800000000, sql = 1800000000 })
			end)
			test("not pinned", function()
				local fields = call("Draw").fields
				expect(fields.now > 1767225600 and fields.now ~= 1800000000):equals(true)
				expect(math.abs(fields.sql - fields.now) < 60):equals(true)
				local before = time.now()
				test.advance(3600)
				expect(time.now() - before >= 3600 and time.now() - before < 3660):equals(true)
			end)
			test("drawn", function() error(require("json").encode(drawn()), 0) end)`,
	})
	first := f.run(t)
	second := f.run(t)
	for _, r := range first.Results[:2] {
		if r.Failure != nil {
			t.Errorf("%s: %+v", r.Name, r.Failure)
		}
	}
	a, b := first.Results[2].Failure.Message, second.Results[2].Failure.Message
	if a != b || !strings.Contains(a, "019b76da-a800-7") {
		t.Errorf("one run draws %s, another %s", a, b)
	}
}

// A setting changes what actions declare, too, and for one test alone.
func TestEnv(t *testing.T) {
	newFixture(t, 2, map[string]string{
		"greet.lua": `
			local env = require("env")
			return { description = "Test", fields = { loud = env.boolean("LOUD") and { type = "boolean", description = "Loud" } or nil },
				run = function(fields) return { status_code = 200, fields = env.string("GREETING") .. (fields.loud and "!" or "") } end }`,
		"off.lua": `if not require("env").boolean("LOUD") then return false end return { description = "T", fields = {}, run = function() return { status_code = 200 } end }`,
		"a_test.lua": `
			test("as it is", function()
				expect(call("Greet").fields):equals("Hello")
				expect(function() call("Off") end):raises("there is no action")
			end)
			test("changed", function()
				test.env({ LOUD = true, GREETING = "Hi" })
				expect(call("Greet")):contains({ status_code = 400 })
				expect(call("Greet", { loud = true }).fields):equals("Hi!")
				expect(call("Off").status_code):equals(200)
				test.env({ LOUD = false })
				expect(call("Greet").fields):equals("Hi")
			end)
			test("as it was", function() expect(call("Greet").fields):equals("Hello") end)
			test("impossible", function()
				test.env({ LOUD = "perhaps" })
				expect(function() call("Greet") end):raises("with the settings of test.env, actions do not load: greet.lua")
			end)`,
	}).mustPass(t)
}
