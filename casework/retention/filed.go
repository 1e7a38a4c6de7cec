package retention

import (
	"context"
	"errors"

	"hotline/casework"
	"hotline/casework/files"
	"hotline/storage"
)

// filed tells which contacts belong to whom.
type filed struct{ files *files.Store }

var _ people = filed{}

func (f filed) FilesOf(ctx context.Context, call string) ([]string, error) {
	links, err := f.files.Links(ctx, call)
	var out []string
	for _, l := range links {
		out = append(out, l.File)
	}
	return out, err
}

func (f filed) FilesOfEach(ctx context.Context, calls []string) (map[string][]string, error) {
	return f.files.OfCalls(ctx, calls)
}

func (f filed) Whose(file storage.Condition) storage.Condition { return files.OfCall(file) }

func (f filed) AllOf(some storage.Set) storage.Set { return files.AllOfCalls(some) }

func (f filed) CallsOf(ctx context.Context, in storage.Reader, file string) (calls, parts []string, err error) {
	calls, parts, err = files.WholeIn(ctx, in, file)
	if errors.Is(err, files.ErrNotFound) {
		err = ErrNotFound
	}
	return calls, parts, err
}

// Keeping is a store that knows people's files, and the codes by which they are called.
type Keeping struct {
	*Store
	files *files.Store
}

// OpenFiled is [Open] with the files of people.
func OpenFiled(ctx context.Context, db *storage.DB, keys *casework.Keys, private ...storage.Private) (Keeping, error) {
	people, err := files.Open(ctx, db, keys)
	if err != nil {
		return Keeping{}, wrap("files", err)
	}
	store, err := Open(ctx, db, keys, filed{people}, private...)
	return Keeping{store, people}, err
}

// Code is how people call a file; its id when there is none.
func (k Keeping) Code(ctx context.Context, file string) string {
	f, err := k.files.Part(ctx, file)
	if err != nil {
		return file
	}
	return f.Code
}

// File is the file that a code stands for now. ErrNotFound.
func (k Keeping) File(ctx context.Context, code string) (string, error) {
	f, err := k.files.ByCode(ctx, code)
	if errors.Is(err, files.ErrNotFound) {
		err = ErrNotFound
	}
	return f.ID, err
}
