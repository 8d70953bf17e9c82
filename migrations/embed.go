// Package migrations holds the SQL that makes the schema of the shipped
// actions. A released file never changes; the next change is a new file.
package migrations

import "embed"

// Files are the migrations, named NNNNN_what.sql in goose's format.
//
//go:embed *.sql
var Files embed.FS
