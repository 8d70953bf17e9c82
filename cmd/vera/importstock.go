package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vera/stdlib/email"
	"vera/stdlib/password"
	"vera/stdlib/phone"
	"vera/stdlib/username"
)

// What an import finds, before anything is written.

const selectUsers = `SELECT id::int8, username, name, email, phone_number, password_digest,
	coalesce(created_at, now()), coalesce(updated_at, created_at, now()), deleted_at FROM users ORDER BY id`

// importedUser is one row of the source; after canonicalize, one of ours.
type importedUser struct {
	id                     int64
	username, email, phone *string
	name, digest           string
	created, updated       time.Time
	deleted                *time.Time

	usernameKey *string
}

func scanUser(rows pgx.Rows) (u importedUser, err error) {
	err = rows.Scan(&u.id, &u.username, &u.name, &u.email, &u.phone, &u.digest, &u.created, &u.updated, &u.deleted)
	return u, err
}

// canonicalize brings what names the user to the forms that are compared. Its
// errors hold no value.
func (u *importedUser) canonicalize(numbers *phone.Numbers) (faults []error) {
	canonical := func(field string, value *string, normalize func(string) (string, error)) *string {
		if value == nil {
			return nil
		}
		form, err := normalize(*value)
		if err != nil {
			faults = append(faults, fmt.Errorf("user %d: %s: %w", u.id, field, err))
			return nil
		}
		return &form
	}
	u.usernameKey = canonical("username", u.username, username.Normalize)
	u.email = canonical("email", u.email, email.Normalize)
	u.phone = canonical("phone_number", u.phone, func(text string) (string, error) { return numbers.Normalize(text, "") })
	if len(faults) == 0 && u.username == nil && u.email == nil && u.phone == nil {
		faults = append(faults, fmt.Errorf("user %d: has neither username, email nor phone_number", u.id))
	}
	return faults
}

// stock is what the source holds, and all that stands in the way.
type stock struct {
	users, deleted, revocations int
	lastID                      int64 // no lower id may be given to another user, whose tokens might still be about
	faults                      []error
	duplicates                  []string
	locked                      []int64 // users whose digest no password can open: they stand in nobody's way
}

func (s *stock) clean() bool { return len(s.faults)+len(s.duplicates) == 0 }

// takeStock reads all users.
func takeStock(ctx context.Context, source pgx.Tx, numbers *phone.Numbers) (*stock, error) {
	s := &stock{}
	err := source.QueryRow(ctx, `SELECT (SELECT count(*) FROM revocations), greatest(
		coalesce((SELECT max(id) FROM users), 0),
		coalesce(pg_sequence_last_value(pg_get_serial_sequence('users', 'id')::regclass), 0))`).Scan(&s.revocations, &s.lastID)
	if err != nil {
		return nil, err
	}
	rows, err := source.Query(ctx, selectUsers)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	fields := []string{"username", "email", "phone_number"}
	holders := []owners{{}, {}, {}}
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		s.users++
		if u.deleted != nil {
			s.deleted++
		}
		if !password.Usable(u.digest) {
			s.locked = append(s.locked, u.id)
		}
		s.faults = append(s.faults, u.canonicalize(numbers)...)
		for i, form := range []*string{u.usernameKey, u.email, u.phone} {
			if form != nil {
				holders[i][*form] = append(holders[i][*form], owner{u.id, u.deleted != nil})
			}
		}
	}
	for i, field := range fields {
		s.duplicates = append(s.duplicates, holders[i].duplicates(field)...)
	}
	return s, rows.Err()
}

// owners are the users who hold a canonical form.
type owners map[string][]owner

type owner struct {
	id      int64
	deleted bool
}

// duplicates describes each form that more than one user holds, by ids.
func (o owners) duplicates(field string) (lines []string) {
	shared := slices.DeleteFunc(slices.Collect(maps.Values(o)), func(list []owner) bool { return len(list) < 2 })
	slices.SortFunc(shared, func(a, b []owner) int { return cmp.Compare(a[0].id, b[0].id) })
	for _, list := range shared {
		var ids []string
		for _, one := range list {
			id := fmt.Sprint(one.id)
			if one.deleted {
				id += " (deleted)"
			}
			ids = append(ids, id)
		}
		lines = append(lines, fmt.Sprintf("the same %s: users %s", field, strings.Join(ids, ", ")))
	}
	return lines
}

// lookAt finds out whether the target can take the import: it must have no
// users of its own, whose ids would be the same.
func (s *stock) lookAt(ctx context.Context, target *pgxpool.Pool) error {
	var exists bool
	if err := target.QueryRow(ctx, "SELECT to_regclass('users') IS NOT NULL").Scan(&exists); err != nil || !exists {
		return err
	}
	var users int
	if err := target.QueryRow(ctx, "SELECT count(*) FROM users").Scan(&users); err != nil {
		return err
	}
	if users > 0 {
		s.faults = append(s.faults, errors.New("the database that is to take them has "+count(users, "user")+" already; it must have none"))
	}
	return nil
}

// print writes the report. Nothing of a user is in it but ids.
func (s *stock) print(out io.Writer) error {
	var report strings.Builder
	fmt.Fprintf(&report, "the source has %s (%d deleted) and %s\n", count(s.users, "user"), s.deleted, count(s.revocations, "revocation"))
	for _, id := range s.locked {
		fmt.Fprintf(&report, "user %d: password_digest: no password opens it; the user is taken over all the same\n", id)
	}
	for _, line := range s.duplicates {
		fmt.Fprintln(&report, line)
	}
	for _, fault := range s.faults {
		fmt.Fprintln(&report, fault)
	}
	_, err := io.WriteString(out, report.String())
	return err
}
