package password

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A Blocklist is a set of passwords that nobody may choose, without regard to
// case. It takes 8 bytes a password, as it keeps the beginnings of their
// hashes; for a million it calls one in 10^13 others blocked. It may be used
// by many goroutines at once. A nil one is empty.
type Blocklist struct {
	hashes []uint64 // sorted
}

// ReadBlocklist reads one password a line. Lines that cannot be a password, by
// Hash's rules, are passed over; that none is left is an error.
func ReadBlocklist(r io.Reader) (*Blocklist, error) {
	b := new(Blocklist)
	in := bufio.NewReaderSize(r, MaxBytes+len("\r\n"))
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			line = nil // too long to be a password
			_, err = in.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("read blocklist: %w", err)
		}
		text := strings.TrimRight(string(line), "\r\n")
		if first {
			text = strings.TrimPrefix(text, "\ufeff") // a byte order mark
		}
		if prepared, invalid := prepareFast(text); invalid == nil {
			b.hashes = append(b.hashes, blocklistHash(prepared))
		}
		if err == io.EOF {
			break
		}
	}
	if len(b.hashes) == 0 {
		return nil, errors.New("read blocklist: it holds no password")
	}
	slices.Sort(b.hashes)
	b.hashes = slices.Compact(b.hashes)
	return b, nil
}

// Len is the number of different passwords.
func (b *Blocklist) Len() int {
	if b == nil {
		return 0
	}
	return len(b.hashes)
}

// Contains reports whether text is blocked.
func (b *Blocklist) Contains(text string) bool {
	if b == nil {
		return false
	}
	prepared, err := prepareFast(text)
	if err != nil {
		return false
	}
	_, found := slices.BinarySearch(b.hashes, blocklistHash(prepared))
	return found
}

// prepareFast is prepare, at once where there is nothing to do, as for nearly
// all of a million lines.
func prepareFast(text string) (string, error) {
	if text != "" && len(text) <= MaxBytes && strings.IndexFunc(text, notPrintableASCII) < 0 {
		return text, nil
	}
	return prepare(text)
}

func notPrintableASCII(r rune) bool { return r < ' ' || r > '~' }

// blocklistHash is the same for all spellings of a prepared password that
// differ only in case.
func blocklistHash(prepared string) uint64 {
	if strings.IndexFunc(prepared, notPrintableASCII) < 0 {
		prepared = strings.ToLower(prepared)
	} else {
		prepared = norm.NFC.String(cases.Fold().String(prepared))
	}
	sum := sha256.Sum256([]byte(prepared))
	return binary.BigEndian.Uint64(sum[:])
}
