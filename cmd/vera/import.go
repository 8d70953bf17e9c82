package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vera/stdlib/db"
	"vera/stdlib/phone"
)

type importCommand struct {
	From   string `required:"" help:"URL or DSN of the vera-py-service database; it is only read." placeholder:"DSN"`
	DryRun bool   `help:"Report what stands in the way, and write nothing."`
}

// errNothingWritten ends an import that the report stands in the way of.
var errNothingWritten = errors.New("nothing was written: put right what the report says, and run the import again")

// Run takes over the users and revocations of a vera-py-service database. Ids
// and digests stay, so that passwords go on to work, and tokens, too, where
// the secret, issuer and audience are the same. It is all or nothing.
func (k importCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needDatabase)
	if err != nil {
		return &configError{err}
	}
	from, err := db.Config(k.From)
	if err != nil {
		return &configError{fmt.Errorf("--from: %w", err)}
	}
	target, err := openPool(ctx, config.Postgres)
	if err != nil {
		return err
	}
	defer target.Close()
	conn, err := pgx.ConnectConfig(ctx, from.ConnConfig)
	if err != nil {
		return errors.New("connect to the database that --from names: it cannot be reached, or refuses the user")
	}
	defer conn.Close(context.WithoutCancel(ctx))
	// Both readings see the same moment.
	source, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	defer func() { _ = source.Rollback(context.WithoutCancel(ctx)) }() // nothing was changed
	return k.importFrom(ctx, source, target, c.out)
}

func (k importCommand) importFrom(ctx context.Context, source pgx.Tx, target *pgxpool.Pool, out io.Writer) error {
	numbers, err := phone.New(phone.Options{})
	if err != nil {
		return err
	}
	found, err := takeStock(ctx, source, numbers)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	if err := found.lookAt(ctx, target); err != nil {
		return fmt.Errorf("look at the target: %w", err)
	}
	if err := found.print(out); err != nil {
		return err
	}
	switch {
	case !found.clean():
		return errNothingWritten
	case k.DryRun:
		_, err = fmt.Fprintln(out, "nothing stands in the way; a dry run writes nothing")
		return err
	}
	if _, err := migrate(ctx, target); err != nil {
		return err
	}
	if err := copyAll(ctx, source, target, numbers, found.lastID); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	_, err = fmt.Fprintf(out, "imported %s and %s\n", count(found.users, "user"), count(found.revocations, "revocation"))
	return err
}

// copyAll writes everything in one transaction, into tables that nobody else
// writes meanwhile.
func copyAll(ctx context.Context, source pgx.Tx, target *pgxpool.Pool, numbers *phone.Numbers, lastID int64) error {
	return pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "LOCK TABLE users, revocations IN EXCLUSIVE MODE"); err != nil {
			return err
		}
		var empty bool
		if err := tx.QueryRow(ctx, "SELECT NOT EXISTS (SELECT FROM users)").Scan(&empty); err != nil {
			return err
		}
		if !empty {
			return errors.New("somebody has registered meanwhile")
		}
		if err := copyUsers(ctx, source, tx, numbers); err != nil {
			return fmt.Errorf("copy users: %w", err)
		}
		if err := copyRevocations(ctx, source, tx); err != nil {
			return fmt.Errorf("copy revocations: %w", err)
		}
		if lastID == 0 {
			return nil
		}
		_, err := tx.Exec(ctx, "SELECT setval(pg_get_serial_sequence('users', 'id'), $1)", lastID)
		return err
	})
}

func copyUsers(ctx context.Context, source, target pgx.Tx, numbers *phone.Numbers) error {
	rows, err := source.Query(ctx, selectUsers)
	if err != nil {
		return err
	}
	defer rows.Close()
	columns := []string{"id", "username", "username_key", "name", "email", "phone_number", "password_digest",
		"created_at", "updated_at", "deleted_at"}
	_, err = target.CopyFrom(ctx, pgx.Identifier{"users"}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		if !rows.Next() {
			return nil, rows.Err()
		}
		u, err := scanUser(rows)
		if err != nil {
			return nil, err
		}
		if faults := u.canonicalize(numbers); len(faults) > 0 {
			return nil, errors.Join(faults...)
		}
		return []any{u.id, u.username, u.usernameKey, u.name, u.email, u.phone, u.digest, u.created, u.updated, u.deleted}, nil
	}))
	return err
}

// copyRevocations leaves those that are there already.
func copyRevocations(ctx context.Context, source, target pgx.Tx) error {
	rows, err := source.Query(ctx, "SELECT jti, coalesce(created_at, now()), expires_at FROM revocations")
	if err != nil {
		return err
	}
	defer rows.Close()
	if _, err := target.Exec(ctx, "CREATE TEMPORARY TABLE imported (LIKE revocations) ON COMMIT DROP"); err != nil {
		return err
	}
	_, err = target.CopyFrom(ctx, pgx.Identifier{"imported"}, []string{"jti", "created_at", "expires_at"},
		pgx.CopyFromFunc(func() ([]any, error) {
			if !rows.Next() {
				return nil, rows.Err()
			}
			return rows.Values()
		}))
	if err != nil {
		return err
	}
	_, err = target.Exec(ctx, `INSERT INTO revocations (jti, created_at, expires_at)
		SELECT jti, created_at, expires_at FROM imported ON CONFLICT (jti) DO NOTHING`)
	return err
}
