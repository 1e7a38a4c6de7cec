package forms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"hotline/storage"
	"hotline/storage/documents"
)

// ErrNotFound says that there is no such form in that version.
var ErrNotFound = errors.New("forms: there is no such form")

// maker is who is said to have made what the program began with.
const maker = "system"

// Store keeps the versions of the forms.
type Store struct {
	*documents.Store[Forms]

	mu     sync.Mutex
	newest int // 0: nothing was read yet
	kept   map[int]*version
}

// version is a document that was read: it never changes, so it is kept, with its schemas.
type version struct {
	doc     Forms
	schemas map[string]*jsonschema.Schema
}

// mostKept bounds how many versions are kept in memory.
const mostKept = 32

// Open brings the table to its newest form. scoring checks the rules of scales; nil: they are not read. What the program begins with is saved as version
// 1: a record that names it must find it unchanged after an update of the program.
func Open(ctx context.Context, db *storage.DB, scoring Scoring) (*Store, error) {
	first, err := First()
	if err != nil {
		return nil, err
	}
	docs, err := documents.Open(ctx, db, documents.Kind[Forms]{
		Name: "forms", Most: mostBytes, First: func() Forms { return first }, Check: func(f Forms) error { return f.Check(scoring) },
	})
	if err != nil {
		return nil, fmt.Errorf("forms: %w", err)
	}
	s := &Store{Store: docs, kept: map[int]*version{}}
	if now, err := docs.Current(ctx); err != nil {
		return nil, fmt.Errorf("forms: %w", err)
	} else if now.N == 0 {
		if _, err := docs.Save(ctx, 0, first, maker, ""); err != nil && !errors.Is(err, documents.ErrStale) { // another process was first
			return nil, fmt.Errorf("forms: %w", err)
		}
	}
	_, _, err = s.Now(ctx)
	return s, err
}

// Now is the newest document and its number. While the database is away it is the newest that was read: a caller's risk is asked about all the same.
func (s *Store) Now(ctx context.Context) (Forms, int, error) {
	v, err := s.Current(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.newest == 0 {
			return Forms{}, 0, fmt.Errorf("forms: %w", err)
		}
		return s.kept[s.newest].doc, s.newest, nil
	}
	s.newest = max(s.newest, v.N)
	return s.keep(v.N, v.Doc).doc, v.N, nil
}

// Form is a form as it is now, and the version that a record keeps. ErrNotFound.
func (s *Store) Form(ctx context.Context, id string) (Form, int, error) {
	all, n, err := s.Now(ctx)
	if err != nil {
		return Form{}, 0, err
	}
	f, ok := all.Find(id)
	if !ok {
		return Form{}, 0, ErrNotFound
	}
	return f, n, nil
}

// At is a form as it was in a version. ErrNotFound.
func (s *Store) At(ctx context.Context, n int, id string) (Form, error) {
	v, err := s.version(ctx, n)
	if err != nil {
		return Form{}, err
	}
	f, ok := v.doc.Find(id)
	if !ok {
		return Form{}, ErrNotFound
	}
	return f, nil
}

// Fit validates answers by a form of a version: what a record is refused by. ErrInvalid, ErrNotFound.
func (s *Store) Fit(ctx context.Context, n int, id string, answers json.RawMessage) error {
	v, err := s.version(ctx, n)
	if err != nil {
		return err
	}
	f, ok := v.doc.Find(id)
	if !ok {
		return ErrNotFound
	}
	s.mu.Lock()
	schema := v.schemas[id]
	s.mu.Unlock()
	if schema == nil {
		if schema, err = compile(f); err != nil {
			return err
		}
		s.mu.Lock()
		v.schemas[id] = schema
		s.mu.Unlock()
	}
	return validate(schema, answers)
}

// FitSoFar is [Store.Fit] for answers that are not complete: a question that was not reached in a call is not wrong.
func (s *Store) FitSoFar(ctx context.Context, n int, id string, answers json.RawMessage) error {
	err := s.Fit(ctx, n, id, answers)
	wrong, ok := errors.AsType[Invalid](err)
	if !ok {
		return err
	}
	wrong = slices.DeleteFunc(wrong, func(w Wrong) bool { return w.Code == "required" })
	if len(wrong) == 0 {
		return nil
	}
	return wrong
}

func (s *Store) version(ctx context.Context, n int) (*version, error) {
	s.mu.Lock()
	have := s.kept[n]
	s.mu.Unlock()
	if have != nil {
		return have, nil
	}
	v, err := s.Get(ctx, n)
	if errors.Is(err, documents.ErrNone) {
		return nil, ErrNotFound
	} else if err != nil {
		return nil, fmt.Errorf("forms: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keep(n, v.Doc), nil
}

// keep remembers a version; s.mu is held.
func (s *Store) keep(n int, doc Forms) *version {
	if have := s.kept[n]; have != nil {
		return have
	}
	if len(s.kept) >= mostKept {
		for old := range s.kept {
			if old != s.newest {
				delete(s.kept, old)
			}
		}
	}
	s.kept[n] = &version{doc, map[string]*jsonschema.Schema{}}
	return s.kept[n]
}
