package files

import (
	"context"

	"hotline/storage"
)

// Refs returns the pseudonyms of the numbers from which a person called, of all parts of the file. Those from which others called about the person are
// not among them.
func (s *Store) Refs(ctx context.Context, file string) ([]string, error) {
	out, err := storage.Select(ctx, s.db, func(r storage.Row) (ref string, err error) { return ref, r.Scan(&ref) }, `SELECT DISTINCT r.ref FROM file_refs r
		JOIN files f ON f.id = r.file_id WHERE r.own AND r.links > 0 AND f.root = (SELECT root FROM files WHERE id = ?) ORDER BY r.ref`, file)
	return out, wrap("numbers of a person", err)
}
