package devboard

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const maxBody = 8_000_000 // bytes

// ServeHTTP answers POST / (a request to a consumer), GET / (what is there)
// and /websocket (a consumer). Mounted in another server instead of run by
// Serve, connections of consumers outlive that server until they are closed.
func (b *Board) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.Method)+len(r.RequestURI)+len(r.Proto)+len("  \r\n") > b.opts.MaxRequestLine {
		writeRaw(w, "HTTP/1.0 414 Request-URI Too Long\r\nconnection: close\r\n\r\n")
		return
	}
	switch path := strings.Trim(r.URL.Path, "/"); {
	case path == "websocket" && r.Method == http.MethodGet:
		b.connect(w, r)
	case path == "" && r.Method == http.MethodPost:
		b.post(w, r)
	case path == "" && r.Method == http.MethodGet:
		b.status(w)
	default:
		writeText(w, http.StatusNotFound, "text/html")
	}
}

// status shows what the board serves.
func (b *Board) status(w http.ResponseWriter) {
	b.mu.Lock()
	service := b.service
	b.mu.Unlock()
	status := map[string]any{
		"service":   service,
		"consumers": b.Consumers(),
		"actions":   b.Actions(),
	}
	if b.opts.Version != nil {
		status["version"] = b.opts.Version()
	}
	writeJSON(w, http.StatusOK, mustJSON(status))
}

// post puts a caller's request to a consumer. The order of the checks is the
// hub's: the body is decoded first, then the caller is asked who he is.
func (b *Board) post(w http.ResponseWriter, r *http.Request) {
	params, status := readParams(r)
	switch {
	case status == http.StatusRequestEntityTooLarge:
		w.Header().Set("Connection", "close")
		writeText(w, status, "text/plain")
		return
	case status != 0:
		writeText(w, status, "text/html")
		return
	case !acceptsJSON(r):
		writeText(w, http.StatusNotAcceptable, "text/plain")
		return
	case b.opts.AccountToken != "" && r.Header.Get("Authorization") != "Bearer "+b.opts.AccountToken:
		writeAnswer(w, hubAnswer(401, "API token is invalid"))
		return
	}
	id, action, fields := params["service_id"], params["action"], params["fields"]
	if id == nil || action == nil || fields == nil {
		writeAnswer(w, hubAnswer(400, "service_id, action and fields parameters are required"))
		return
	}
	if id[0] == '{' || id[0] == '[' {
		writeAnswer(w, Answer{Status: 500, odd: true})
		return
	}
	if text(id) != strconv.Itoa(b.opts.ServiceID) {
		writeAnswer(w, hubAnswer(422, noConsumers))
		return
	}
	answer, err := b.call(r.Context(), action, fields)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller is gone, or the board is: cut it off
	}
	writeAnswer(w, answer)
}

// readParams returns the parameters of query and body as JSON, or the status
// of a refusal.
func readParams(r *http.Request) (map[string]json.RawMessage, int) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, http.StatusBadRequest
	}
	if len(body) > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	params := map[string]json.RawMessage{}
	addForm(params, r.URL.Query())
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind == "application/x-www-form-urlencoded":
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, http.StatusBadRequest
		}
		addForm(params, form)
	case (kind == "application/json" || strings.HasSuffix(kind, "+json")) && len(body) > 0:
		value, err := normalize(body)
		if err != nil {
			return nil, http.StatusBadRequest
		}
		if value[0] == '{' {
			keys, err := members(value)
			if err != nil {
				return nil, http.StatusBadRequest
			}
			maps.Copy(params, keys)
		}
	}
	return params, 0
}

// addForm adds form values: a=1 is the string "1", a[b]=1 an object with it.
func addForm(params map[string]json.RawMessage, form url.Values) {
	objects := map[string]map[string]string{}
	for name, values := range form {
		value := values[len(values)-1]
		outer, inner, nested := strings.Cut(strings.TrimSuffix(name, "]"), "[")
		if !nested {
			params[name] = mustJSON(value)
			continue
		}
		if objects[outer] == nil {
			objects[outer] = map[string]string{}
		}
		objects[outer][inner] = value
	}
	for name, object := range objects {
		params[name] = mustJSON(object)
	}
}

func acceptsJSON(r *http.Request) bool {
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if accept == "" {
		return true
	}
	for part := range strings.SplitSeq(accept, ",") {
		kind, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case "*/*", "application/*", "application/json":
			return true
		}
	}
	return false
}
