package devboard

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

const jsonType = "application/json; charset=utf-8"

// writeAnswer gives a caller the answer of a consumer or of the hub.
func writeAnswer(w http.ResponseWriter, a Answer) {
	switch {
	case a.odd:
		w.Header().Set("Connection", "close")
		writeJSON(w, a.Status, []byte(`{"errors":{"detail":"Internal Server Error"}}`))
	case a.Fields == nil:
		writeJSON(w, a.Status, fmt.Appendf(nil, `{"message":%s,"status":"error"}`, a.message))
	default:
		body := make([]byte, 0, len(a.Fields)+len(a.message)+24)
		body = append(body, `{"fields":`...)
		body = append(body, a.Fields...)
		body = append(body, `,"message":`...)
		body = append(body, a.message...)
		body = append(body, '}')
		writeJSON(w, a.Status, body)
	}
}

// writeJSON writes a body of JSON. A status below 200 is sent as the hub does,
// as if it were final: the caller cannot make sense of the body after it.
func writeJSON(w http.ResponseWriter, status int, body json.RawMessage) {
	if status < 200 {
		writeRaw(w, fmt.Sprintf("HTTP/1.1 %d %s\r\ncontent-length: %d\r\ncontent-type: %s\r\n\r\n%s",
			status, http.StatusText(status), len(body), jsonType, body))
		return
	}
	header := w.Header()
	header.Set("Content-Type", jsonType)
	header.Set("Cache-Control", "max-age=0, private, must-revalidate")
	if status != http.StatusNoContent && status != http.StatusNotModified {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	w.Write(body)
}

// writeText writes the plain name of a status.
func writeText(w http.ResponseWriter, status int, kind string) {
	w.Header().Set("Content-Type", kind+"; charset=utf-8")
	w.WriteHeader(status)
	w.Write([]byte(http.StatusText(status)))
}

// writeRaw sends an answer that net/http would not, and ends the connection.
func writeRaw(w http.ResponseWriter, answer string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	conn.Write([]byte(answer))
}
