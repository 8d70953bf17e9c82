package db

import "context"

// Alive tells whether what is rehearsed can go on: not if the connection broke,
// which took all of it along, nor if PostgreSQL gave the transaction up.
func (r *Rehearsal) Alive(ctx context.Context) bool {
	if r.tx == nil {
		return false
	}
	_, err := r.tx.Exec(ctx, "SELECT 1")
	return err == nil
}
