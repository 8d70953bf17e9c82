package plugboard

import "time"

// RoundTrip takes a request's frame to its answer's frame, as a client does.
func RoundTrip(frame []byte, received time.Time, handle func(Request) Response) ([]byte, error) {
	f, err := parseFrame(frame)
	if err != nil {
		return nil, err
	}
	req, err := parseRequest(f.Payload, received)
	if err != nil {
		return nil, err
	}
	return appendResponse(nil, req.Ref, handle(req)), nil
}
