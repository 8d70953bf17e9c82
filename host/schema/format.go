package schema

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// formatText says what text of a format must be. Its keys are all formats.
var formatText = map[string]string{
	"email":     "must be an email address",
	"phone":     "must be a phone number",
	"uuid":      "must be a UUID",
	"date-time": "must be a date and time with its zone, as 2006-01-02T15:04:05Z",
	"uri":       "must be an absolute URI",
}

// formatNames lists the formats for messages.
const formatNames = "email, phone, uuid, date-time, uri"

// ownFormats need no help from outside.
var ownFormats = Formats{"uuid": checkUUID, "date-time": checkDateTime, "uri": checkURI}

var errFormat = errors.New("not of the format")

// checkUUID takes the form with hyphens, in either case.
func checkUUID(text string) error {
	if len(text) != len("00000000-0000-0000-0000-000000000000") {
		return errFormat
	}
	for i, c := range []byte(text) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
		if hyphen != (c == '-') || !hyphen && !hex {
			return errFormat
		}
	}
	return nil
}

// dateTime is RFC 3339's grammar. time.Parse alone takes commas, hours of one
// digit and any number of digits.
var dateTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

// checkDateTime takes RFC 3339 up to nanoseconds, but no leap seconds.
func checkDateTime(text string) error {
	text = strings.ToUpper(text)
	if !dateTime.MatchString(text) {
		return errFormat
	}
	_, err := time.Parse(time.RFC3339, text)
	return err
}

// checkURI takes a scheme and something behind it, of RFC 3986's characters.
func checkURI(text string) error {
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7F || strings.IndexByte("\"<>\\^`{|}", c) >= 0 {
			return errFormat
		}
	}
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	web := u.Scheme == "http" || u.Scheme == "https"
	if !u.IsAbs() || web && u.Host == "" || u.Opaque == "" && u.Host == "" && u.Path == "" {
		return errFormat
	}
	return nil
}
