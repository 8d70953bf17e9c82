package pg

import "testing"

func TestParsePidFile(t *testing.T) {
	t.Parallel()
	const full = "123\n/data/pg15\n1795486976\n5432\n/tmp/vera-0-1\n\n  8193  4\nready   \n"
	for _, tt := range []struct {
		text string
		want pidFile
	}{
		{full, pidFile{123, "/tmp/vera-0-1", true}},
		{"123\n/data/pg15\n1795486976\n5432\n/tmp/vera-0-1\n\n  8193  4\nstopping\n", pidFile{123, "/tmp/vera-0-1", false}},
		{"123\n/data/pg15\n", pidFile{pid: 123}},
		{"123", pidFile{pid: 123}},
		{"", pidFile{}},
		{"\n\n\n", pidFile{}},
		{"0\n", pidFile{}},
		{"-123\n/data\n", pidFile{}}, // postgres --single
		{"99999999999999999999\n", pidFile{}},
	} {
		if got := parsePidFile(tt.text); got != tt.want {
			t.Errorf("parsePidFile(%q) = %+v, want %+v", tt.text, got, tt.want)
		}
	}
}

func FuzzParsePidFile(f *testing.F) {
	f.Add("123\n/data/pg15\n1795486976\n5432\n/tmp/vera-0-1\n\n  8193  4\nready   \n")
	f.Add("-1\n")
	f.Add("1\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		got := parsePidFile(text)
		if got.pid < 0 {
			t.Errorf("parsePidFile(%q).pid = %d: a signal to it would reach a group", text, got.pid)
		}
		if got.pid == 0 && got != (pidFile{}) {
			t.Errorf("parsePidFile(%q) = %+v without a pid", text, got)
		}
	})
}
