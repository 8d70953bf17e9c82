package caller

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
)

// Escape sequences of colours.
const (
	reset  = "\x1b[0m"
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	cyan   = "\x1b[36m"
	dim    = "\x1b[2m"
)

// Print shows the answer to a person: its status, its message, and its fields
// indented. What is in it cannot command the terminal.
func (a Answer) Print(w io.Writer, coloured bool) error {
	paint := func(colour, text string) string {
		if !coloured {
			return text
		}
		return colour + text + reset
	}
	status := strings.TrimSpace(fmt.Sprint(a.Status, " ", http.StatusText(a.Status)))
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", paint(statusColour(a.Status), status), paint(dim, fmt.Sprintf("%.1f ms", a.Took.Seconds()*1000)))
	message, fields := a.parts()
	if message != "" {
		b.WriteString(harmless(message) + "\n")
	}
	if len(fields) > 0 {
		text := harmless(string(fields))
		if coloured {
			text = colourJSON(text)
		}
		b.WriteString(text + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func statusColour(status int) string {
	switch status / 100 {
	case 2:
		return green
	case 3:
		return cyan
	case 4:
		return yellow
	}
	return red
}

// parts takes an answer of the usual shape apart. Of another it is all in
// fields, indented if it is JSON.
func (a Answer) parts() (message string, fields []byte) {
	var usual struct {
		Message *string         `json:"message"`
		Fields  json.RawMessage `json:"fields"`
		Status  any             `json:"status"` // of an answer that the hub gives itself
	}
	decoder := json.NewDecoder(bytes.NewReader(a.Body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&usual) != nil || decoder.More() {
		return "", indented(a.Body)
	}
	if usual.Message != nil {
		message = *usual.Message
	}
	if string(usual.Fields) == "null" {
		return message, nil
	}
	return message, indented(usual.Fields)
}

func indented(text []byte) []byte {
	var b bytes.Buffer
	if json.Indent(&b, text, "", "  ") != nil {
		return bytes.TrimSpace(text)
	}
	return b.Bytes()
}

// harmless replaces what a terminal would obey.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// tokens are the strings of JSON, with a colon behind them if they are keys,
// and its other values.
var tokens = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(:?)|-?\d[\d.eE+-]*|\b(?:true|false|null)\b`)

// colourJSON colours keys, strings and other values of indented JSON.
func colourJSON(text string) string {
	return tokens.ReplaceAllStringFunc(text, func(token string) string {
		key, isKey := strings.CutSuffix(token, ":")
		switch {
		case isKey:
			return cyan + key + reset + ":"
		case token[0] == '"':
			return green + token + reset
		}
		return yellow + token + reset
	})
}
