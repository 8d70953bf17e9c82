// Package phone brings phone numbers to E.164, the one form in which they are
// compared and stored.
//
//	numbers, err := phone.New(phone.Options{})
//	number, err := numbers.Normalize("+1 (212) 555-1234", "") // "+12125551234"
//
// What is not a number at all is refused before the library sees it, as that
// reads "abc+1212..." and drops extensions without a word.
package phone

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// MaxLength bounds the text of a number in code points.
const MaxLength = 64

// What a number must be besides well formed.
const (
	Possible = "possible" // of a length that its country uses
	Valid    = "valid"    // in a range that its country has given out
)

// Options configure Numbers.
type Options struct {
	Validation string // Possible or Valid; empty means Possible
}

// Numbers normalizes phone numbers. It is immutable.
type Numbers struct{ validation string }

// New checks the options.
func New(o Options) (*Numbers, error) {
	switch o.Validation {
	case "":
		o.Validation = Possible
	case Possible, Valid:
	default:
		return nil, fmt.Errorf("phone: validation %q is neither %q nor %q", o.Validation, Possible, Valid)
	}
	return &Numbers{validation: o.Validation}, nil
}

// An Error says why a text is no phone number.
type Error struct {
	Code    string // see the variables of this package's source
	Message string // the whole text for the one who typed it
}

func (e *Error) Error() string { return e.Message }

const prefix = "Invalid phone number format: "

var (
	errRegion   = &Error{"region", prefix + "(0) Missing or invalid default region."}
	errCountry  = &Error{"country", prefix + "(0) Could not interpret numbers after plus-sign."}
	errNoNumber = &Error{"not_a_number", prefix + "(1) The string supplied did not seem to be a phone number."}
	errNoRest   = &Error{"too_short", prefix + "(2) Phone number had an IDD, but after this was not long enough to be a viable phone number."}
	errTooShort = &Error{"too_short", prefix + "(3) The string supplied is too short to be a phone number."}
	errTooLong  = &Error{"too_long", prefix + "(4) The string supplied was too long to parse."}
	errDigits   = &Error{"too_long", prefix + "(4) The string supplied is too long to be a phone number."}
	errInvalid  = &Error{"invalid", "Invalid phone number"}
)

// Normalize returns text as E.164, which is its own canonical form. A number
// without a plus and country code needs a region, two letters as in ISO 3166;
// empty means none. The error is an *Error.
func (n *Numbers) Normalize(text, region string) (string, error) {
	if utf8.RuneCountInString(text) > MaxLength {
		return "", errTooLong
	}
	if !plausible(text) {
		return "", errNoNumber
	}
	number, err := n.parse(text, region)
	if err != nil {
		return "", err
	}
	// A few numbers change when read again, since digits in front look like a
	// prefix to be dialled; they have no canonical form.
	if again, err := n.parse(number, ""); err != nil || again != number {
		return "", errInvalid
	}
	return number, nil
}

// plausible reports whether text is made of what numbers are written with:
// digits, the separators between them and one plus before the first digit.
func plausible(text string) bool {
	digits, pluses := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			digits++
		case r == '+' || r == '＋':
			if digits+pluses > 0 {
				return false
			}
			pluses++
		case strings.ContainsRune(" -./()\u00a0\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u3000（）－．／", r):
		default:
			return false
		}
	}
	return digits > 0
}

// parse runs the library, whose panics on odd input count as no number.
func (n *Numbers) parse(text, region string) (number string, err error) {
	defer func() {
		if recover() != nil {
			number, err = "", errNoNumber
		}
	}()
	parsed, err := phonenumbers.Parse(text, strings.ToUpper(region))
	if err != nil {
		return "", explain(err, strings.ContainsAny(text, "+＋"))
	}
	// The library's IsPossibleNumber also passes local numbers without an
	// area code, which E.164 cannot express.
	if phonenumbers.IsPossibleNumberWithReason(parsed) != phonenumbers.IS_POSSIBLE ||
		n.validation == Valid && !phonenumbers.IsValidNumber(parsed) {
		return "", errInvalid
	}
	return phonenumbers.Format(parsed, phonenumbers.E164), nil
}

// explain turns the library's errors into the predecessor's texts.
func explain(err error, plus bool) *Error {
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode) && plus:
		return errCountry
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return errRegion
	case errors.Is(err, phonenumbers.ErrTooShortAfterIDD):
		return errNoRest
	case errors.Is(err, phonenumbers.ErrTooShortNSN):
		return errTooShort
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return errDigits
	}
	return errNoNumber
}
