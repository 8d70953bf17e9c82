package password_test

import (
	"errors"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"testing"
	"time"

	"vera/stdlib/password"
)

// small is argon2id as cheap as it gets.
func small(change func(*password.Options)) password.Options {
	o := password.Options{Scheme: password.Argon2id, Cost: 4, MaxCost: 6, Memory: 8, Passes: 1}
	if change != nil {
		change(&o)
	}
	return o
}

var (
	pepperA = []byte("0123456789abcdef0123456789abcdef")
	pepperB = []byte("fedcba9876543210fedcba9876543210")
)

func TestDefaultParameters(t *testing.T) {
	h := newHasher(t, password.Options{Scheme: password.Argon2id})
	if digest := hash(t, h, "password123"); !strings.HasPrefix(digest, "$argon2id$v=19$m=19456,t=2,p=1$") || len(digest) != 97 {
		t.Errorf("digest of argon2id: %s", digest)
	}
}

// Made by argon2-cffi, which wraps the reference implementation.
func TestForeignArgon2id(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	for text, digest := range map[string]string{
		"password123":            "$argon2id$v=19$m=64,t=1,p=1$RHSHy0hW6kInk2hgHiZSog$QzUcNvCojGEGq0WB/YSUR7ii72cpRbCu2NURZ/DS1sY",
		"correct horse":          "$argon2id$v=19$m=256,t=3,p=4$CAIRz/umjpKG6t2sRLZC0g$+rMMCKFNt7fcezSEQZ23xg",
		strings.Repeat("p", 100): "$argon2id$v=19$m=128,t=2,p=2$VGHFwCCxZmFVCPrzra3mvg$GJ2cgJxDUtYpZlZLquqOPg4mxaH9h288PiXtILJULe0",
	} {
		if !verify(t, h, text, digest) {
			t.Errorf("Verify(%q, %q) is false", text, digest)
		}
		if verify(t, h, text+"x", digest) {
			t.Errorf("Verify(%q, %q) is true", text+"x", digest)
		}
	}
}

// The whole password counts, with every scheme: same first 72 bytes, another
// tail.
func TestWholePasswordCounts(t *testing.T) {
	for name, o := range map[string]password.Options{
		"bcrypt": {Cost: 4}, "argon2id": small(nil), "bcrypt with pepper": {Cost: 4, Pepper: pepperA},
		"argon2id with pepper": small(func(o *password.Options) { o.Pepper = pepperA }),
	} {
		h := newHasher(t, o)
		for _, n := range []int{1, 72, 73, 128, password.MaxBytes} {
			text := strings.Repeat("p", n-1)
			digest := hash(t, h, text+"X")
			if !verify(t, h, text+"X", digest) {
				t.Errorf("%s: a password of %d bytes does not open its digest", name, n)
			}
			for _, other := range []string{text + "Y", text, text + "XX", text + "X\x00", "", "\x00"} {
				if verify(t, h, other, digest) {
					t.Errorf("%s: a password of %d bytes opens the digest of another of %d", name, len(other), n)
				}
			}
		}
		if !verify(t, h, "cafe\u0301", hash(t, h, "café")) {
			t.Errorf("%s: the NFD spelling does not open the NFC digest", name)
		}
	}
}

// All that may be in a row, under all that may be configured: what verifies,
// what a login replaces, and what raises.
func TestSchemesAndPeppers(t *testing.T) {
	options := map[string]password.Options{
		"bcrypt":             {Cost: 4, MaxCost: 6},
		"bcrypt, pepper A":   {Cost: 4, MaxCost: 6, Pepper: pepperA},
		"bcrypt, pepper B":   {Cost: 4, MaxCost: 6, Pepper: pepperB},
		"bcrypt at 5":        {Cost: 5, MaxCost: 6},
		"argon2id":           small(nil),
		"argon2id, pepper A": small(func(o *password.Options) { o.Pepper = pepperA }),
		"argon2id, memory":   small(func(o *password.Options) { o.Memory = 64 }),
		"argon2id, passes":   small(func(o *password.Options) { o.Passes = 2 }),
	}
	pepperOf := func(name string) string { _, pepper, _ := strings.Cut(name, ", pepper "); return pepper }
	hashers := make(map[string]*password.Hasher)
	for name, o := range options {
		hashers[name] = newHasher(t, o)
	}
	for _, text := range []string{"password123", strings.Repeat("p", 100)} {
		for stored, maker := range hashers {
			digest := hash(t, maker, text)
			if marked := strings.HasPrefix(digest, "$pepper-"); marked != (pepperOf(stored) != "") {
				t.Errorf("digest of %s: %s", stored, digest)
			}
			for current, h := range hashers {
				ok, err := h.Verify(t.Context(), text, digest)
				lost := pepperOf(stored) != "" && pepperOf(stored) != pepperOf(current)
				if ok == lost || errors.Is(err, password.ErrPepper) != lost || !lost && err != nil {
					t.Errorf("digest of %s under %s: Verify = %v, %v", stored, current, ok, err)
				}
				if got, want := h.NeedsRehash(digest), stored != current; got != want {
					t.Errorf("digest of %s under %s: NeedsRehash = %v, want %v", stored, current, got, want)
				}
			}
		}
	}
}

// Without the pepper a digest does not verify, be its mark taken off or
// another's put on.
func TestPepperCannotBeStripped(t *testing.T) {
	with, without := newHasher(t, password.Options{Cost: 4, Pepper: pepperA}), newHasher(t, password.Options{Cost: 4})
	other := newHasher(t, password.Options{Cost: 4, Pepper: pepperB})
	digest, mark := hash(t, with, "password123"), hash(t, other, "x")[:len("$pepper-01234567")]
	bare := digest[len(mark):]
	for name, forged := range map[string]string{"bare": bare, "long": "$hmac-sha384" + bare} {
		if verify(t, with, "password123", forged) || verify(t, without, "password123", forged) {
			t.Errorf("%s digest verifies", name)
		}
	}
	if verify(t, other, "password123", mark+bare) {
		t.Error("a digest with the mark of another pepper verifies")
	}
	for _, secret := range [][]byte{pepperA, pepperA[:8]} {
		if strings.Contains(digest, string(secret)) {
			t.Errorf("the digest shows the pepper: %s", digest)
		}
	}
}

func TestArgon2idThatAsksForTooMuch(t *testing.T) {
	h := newHasher(t, small(nil))
	for _, parameters := range []string{
		"m=65537,t=1,p=1", "m=4194304,t=1,p=1", "m=4294967295,t=4294967295,p=255", "m=8,t=65,p=1", "m=65536,t=5,p=1", "m=64,t=1,p=8",
	} {
		start := time.Now()
		ok, err := h.Verify(t.Context(), "password", argon(parameters))
		if ok || !errors.Is(err, password.ErrCost) {
			t.Errorf("%s: Verify = %v, %v, want ErrCost", parameters, ok, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: Verify took %v", parameters, took)
		}
	}
	for _, parameters := range []string{"m=65536,t=4,p=4", "m=8,t=64,p=1"} {
		if ok, err := h.Verify(t.Context(), "password", argon(parameters)); ok || err != nil {
			t.Errorf("%s: Verify = %v, %v", parameters, ok, err)
		}
	}
}

// However many want to be hashed, only the lane's workers take memory.
func TestArgon2idMemoryIsBounded(t *testing.T) {
	const memory, workers, clients = 16 << 20, 2, 32
	h := newHasher(t, password.Options{Scheme: password.Argon2id, Memory: memory >> 10, Passes: 1, Workers: workers, Queue: clients})
	heap := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	runtime.GC()
	metrics.Read(heap)
	before := heap[0].Value.Uint64()
	var all sync.WaitGroup
	done := make(chan struct{})
	for range clients {
		all.Go(func() {
			if _, err := h.Verify(t.Context(), "password", ""); err != nil {
				t.Error(err)
			}
		})
	}
	go func() { all.Wait(); close(done) }()
	var most uint64
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
			runtime.GC()
			metrics.Read(heap)
			most = max(most, heap[0].Value.Uint64())
		}
	}
	// What workers drop while the collector marks counts as well.
	if limit := before + clients/2*memory; most > limit || most < before+memory/2 {
		t.Errorf("%d MiB were live, want %d to %d", most>>20, (before+memory/2)>>20, limit>>20)
	}
}

func BenchmarkVerify(b *testing.B) {
	for name, o := range map[string]password.Options{
		"argon2id":           {Scheme: password.Argon2id},
		"bcrypt cost 12":     {},
		"bcrypt with pepper": {Pepper: pepperA},
	} {
		b.Run(name, func(b *testing.B) {
			h := newHasher(b, o)
			digest := hash(b, h, "password123")
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := h.Verify(b.Context(), "password123", digest); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
