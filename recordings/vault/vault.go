// Package vault is where finished recordings lie: a folder, or a bucket of an S3 server. What is put into it is sealed already: a vault keeps bytes and
// knows no keys. A file is there as a whole or not at all, under a name that is never used for anything else.
package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"regexp"
	"time"
)

// Vault keeps files. Safe for concurrent use. Both kinds pass the suite of package vaulttest.
type Vault interface {
	// Put writes size bytes under a name: whole and safe against a loss of power when it returns nil; after an error, or a kill -9 within, the name is
	// as it was. The same name again writes it anew, where the store lets it.
	Put(ctx context.Context, name string, r io.ReaderAt, size int64) error
	// Open opens a file for reading by ranges: nothing is read that was not asked for but what lies close to it. ErrNotFound.
	Open(ctx context.Context, name string) (File, error)
	// Stat tells what there is under a name. ErrNotFound.
	Stat(ctx context.Context, name string) (Info, error)
	// Delete takes a file out; one that is not there is no error. Under an object lock its bytes stay in the store until the lock ends, but under no
	// name that Open or List finds.
	Delete(ctx context.Context, name string) error
	// List yields the files whose names begin with a prefix, in no order that is promised. An error is the last that is yielded.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Sweep removes what interrupted Puts left behind before a time, and tells how many there were.
	Sweep(ctx context.Context, before time.Time) (int, error)
	// Ready tells whether a file could be put now, as far as that can be known without putting one.
	Ready(ctx context.Context) error
}

// File is an open file. ReadAt keeps to the context that Open was called with.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Info is what a vault knows of a file.
type Info struct {
	Name     string
	Size     int64 // bytes
	Modified time.Time
}

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("vault: there is no such file")
	ErrName     = errors.New("vault: a name is parts of letters, digits, -, _ and dots within them, with slashes between")
)

var nameRule = regexp.MustCompile(`^[0-9A-Za-z_-][0-9A-Za-z_.-]*(/[0-9A-Za-z_-][0-9A-Za-z_.-]*)*$`)

// longestName keeps a name, with what a folder adds to it, below what file systems take.
const longestName = 200

// valid also keeps a name from leaving its folder.
func valid(name string) error {
	if len(name) > longestName || !nameRule.MatchString(name) || !fs.ValidPath(name) {
		return fmt.Errorf("%w: %q", ErrName, name)
	}
	return nil
}

func wrap(op, name string, err error) error {
	if err == nil || errors.Is(err, ErrNotFound) || errors.Is(err, ErrName) {
		return err
	}
	return fmt.Errorf("vault: %s %s: %w", op, name, err)
}
