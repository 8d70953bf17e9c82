// Package email brings e-mail addresses to the one form in which they are
// compared and stored.
//
//	address, err := email.Normalize(" Bob@BÜCHER.example ") // "bob@xn--bcher-kva.example"
//
// The form is local@domain alone: no display name, comment, quoted part or
// address literal. The local part is lower case and NFC, the domain ASCII
// (IDNA, UTS 46) with at least one dot.
package email

import (
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
)

// The limits of RFC 5321, in bytes of the canonical form.
const (
	MaxBytes      = 254
	MaxLocalBytes = 64
)

// An Error says why a text is no e-mail address.
type Error struct {
	Code    string // "invalid" or "too_long"
	Message string // for the one who typed it
}

func (e *Error) Error() string { return e.Message }

var (
	errInvalid = &Error{"invalid", "Invalid email address"}
	errTooLong = &Error{"too_long", "Invalid email address: it is too long"}
)

// Normalize returns the canonical form of text, whose outer spaces do not
// count. It is its own canonical form. The error is an *Error.
func Normalize(text string) (string, error) {
	text = strings.Trim(text, " ")
	if len(text) > 4*MaxBytes { // no mapping shortens a text to a quarter
		return "", errTooLong
	}
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return "", errInvalid
	}
	local, ok := stable(text[:at], precis.UsernameCaseMapped.String)
	if !ok {
		return "", errInvalid
	}
	domain, ok := stable(text[at+1:], domains.ToASCII)
	if !ok || !isHost(domain) {
		return "", errInvalid
	}
	address := local + "@" + domain
	if len(address) > MaxBytes || len(local) > MaxLocalBytes {
		return "", errTooLong
	}
	// What stands here now is what a mail program will read.
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address {
		return "", errInvalid
	}
	return address, nil
}

var domains = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(false),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true), idna.Transitional(false),
)

// stable maps text and fails if mapping the result again changes it.
func stable(text string, mapped func(string) (string, error)) (string, bool) {
	once, err := mapped(text)
	if err != nil {
		return "", false
	}
	twice, err := mapped(once)
	return once, err == nil && once == twice
}

// isHost reports whether an ASCII domain can be somebody's: two labels or
// more, none with a hyphen at an end, the last one no number.
func isHost(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return len(labels) >= 2 && strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
