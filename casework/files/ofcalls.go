package files

import (
	"context"
	"strings"

	"hotline/storage"
)

// askedMost bounds how many calls one statement asks about.
const askedMost = 500

// OfCalls are the files that calls belong to, by call, with all that was merged into one with them: what others keep by file may be under any of these. A call
// without a file is not in it.
func (s *Store) OfCalls(ctx context.Context, calls []string) (map[string][]string, error) {
	out := map[string][]string{}
	for len(calls) > 0 {
		some := calls[:min(len(calls), askedMost)]
		calls = calls[len(some):]
		args := make([]any, len(some))
		for i, c := range some {
			args[i] = c
		}
		links, err := storage.Select(ctx, s.db, func(r storage.Row) (l Link, err error) { return l, r.Scan(&l.Call, &l.Part) },
			`SELECT l.call_id, p.id FROM file_links l JOIN files f ON f.id = l.file_id JOIN files p ON p.root = f.root
			WHERE l.call_id IN (?`+strings.Repeat(",?", len(some)-1)+`) ORDER BY l.id, p.id`, args...)
		if err != nil {
			return nil, wrap("files of calls", err)
		}
		for _, l := range links {
			out[l.Call] = append(out[l.Call], l.Part)
		}
	}
	return out, nil
}

// WholeIn are all calls of the person of a file, each once, and the files that stand for them together, as a transaction sees them. ErrNotFound.
func WholeIn(ctx context.Context, in storage.Reader, file string) (calls, parts []string, err error) {
	ids := func(query string) ([]string, error) {
		rows, err := in.Query(ctx, query, file)
		if err != nil {
			return nil, err
		}
		return storage.Collect(rows, scanID)
	}
	if parts, err = ids(`SELECT id FROM files WHERE root = (SELECT root FROM files WHERE id = ?) ORDER BY created_ms, id`); err != nil || len(parts) == 0 {
		return nil, nil, wrap("whole", orElse(err, ErrNotFound))
	}
	calls, err = ids(`SELECT DISTINCT l.call_id FROM file_links l JOIN files f ON f.id = l.file_id WHERE f.root = (SELECT root FROM files WHERE id = ?) ORDER BY l.call_id`)
	return calls, parts, wrap("whole", err)
}

// OfCall is the condition on a call that a person to whom it belongs meets one on their file, or on one that was merged into one with it.
func OfCall(file storage.Condition) storage.Condition {
	return storage.Exists(`SELECT 1 FROM file_links whose_links JOIN files whose_files ON whose_files.id = whose_links.file_id
		JOIN files whose_parts ON whose_parts.root = whose_files.root WHERE whose_links.call_id = ? AND ` + file.On("whose_parts.id"))
}

// AllOfCalls are the calls of which OfCall is so, by the files that meet its condition.
func AllOfCalls(some storage.Set) storage.Set {
	return storage.Set(`SELECT all_links.call_id FROM files all_parts JOIN files all_files ON all_files.root = all_parts.root
		JOIN file_links all_links ON all_links.file_id = all_files.id WHERE all_parts.id IN (` + string(some) + `)`)
}
