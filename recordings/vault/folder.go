package vault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"golang.org/x/sys/unix"
)

// partPrefix begins the name of a file that is being written; no name of a vault begins with a dot.
const partPrefix = ".part-"

// Folder is a vault on a file system of this host.
type Folder struct {
	dir   string
	least uint64 // free bytes that Ready wants
}

var _ Vault = (*Folder)(nil)

// NewFolder does not look at the folder yet: a disk that is away keeps nobody from starting. It is made when it is first needed, for this user only. least
// is how many bytes must be free for it to be called ready.
func NewFolder(dir string, least uint64) (*Folder, error) {
	if dir == "" {
		return nil, errors.New("vault: a folder is needed")
	}
	return &Folder{filepath.Clean(dir), least}, nil
}

func (f *Folder) path(name string) string { return filepath.Join(f.dir, filepath.FromSlash(name)) }

// Put links the file in where it lies on the same file system (it is not written to any more), else copies it.
func (f *Folder) Put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	if err := valid(name); err != nil {
		return err
	}
	return wrap("put", name, f.put(ctx, name, r, size))
}

func (f *Folder) put(ctx context.Context, name string, r io.ReaderAt, size int64) error {
	to := f.path(name)
	dir := filepath.Dir(to)
	if err := f.makeDir(dir); err != nil {
		return err
	}
	part := filepath.Join(dir, partPrefix+ulid.Make().String())
	linked, err := link(r, size, part)
	if err == nil && !linked {
		err = write(ctx, part, r, size)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	// A rename onto another name of the same file does nothing and leaves both names; after an error the part is all there is.
	if gone := removeIfThere(part); err == nil {
		err = gone
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

// makeDir makes a folder and those above it, each on disk before what lies in it.
func (f *Folder) makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if dir == f.dir {
		return os.MkdirAll(dir, 0o700)
	}
	if err := f.makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// link gives an open file of the same file system a second name.
func link(r io.ReaderAt, size int64, to string) (bool, error) {
	src, ok := r.(*os.File)
	if !ok {
		return false, nil
	}
	st, err := src.Stat()
	if err != nil || st.Size() != size || !st.Mode().IsRegular() {
		return false, err
	}
	// Its times may not be on the disk yet: they are worth no turn of the disk's journal.
	if err := unix.Fdatasync(int(src.Fd())); err != nil {
		return false, err
	}
	// By the open file itself, not by its name: another file may have the name meanwhile.
	err = unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", src.Fd()), unix.AT_FDCWD, to, unix.AT_SYMLINK_FOLLOW)
	return err == nil, nil // else it is copied
}

func write(ctx context.Context, part string, r io.ReaderAt, size int64) error {
	dst, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	n, err := io.Copy(dst, until(ctx, io.NewSectionReader(r, 0, size)))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	return errors.Join(err, dst.Sync(), dst.Close())
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// until ends reading when the context does.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	})
}

// Open opens a file.
func (f *Folder) Open(_ context.Context, name string) (File, error) {
	if err := valid(name); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, wrap("open", name, missing(err))
	}
	st, err := file.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = ErrNotFound
	}
	if err != nil {
		return nil, errors.Join(wrap("open", name, err), file.Close())
	}
	return &local{file, st.Size()}, nil
}

// local is a file of a folder.
type local struct {
	*os.File
	size int64
}

func (l *local) Size() int64 { return l.size }

// Stat tells what there is.
func (f *Folder) Stat(_ context.Context, name string) (Info, error) {
	if err := valid(name); err != nil {
		return Info{}, err
	}
	st, err := os.Stat(f.path(name))
	if err == nil && !st.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, wrap("stat", name, missing(err))
	}
	return Info{name, st.Size(), st.ModTime()}, nil
}

// Delete takes a file out.
func (f *Folder) Delete(_ context.Context, name string) error {
	if err := valid(name); err != nil {
		return err
	}
	if err := missing(os.Remove(f.path(name))); err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return wrap("delete", name, err)
	}
	return wrap("delete", name, syncDir(filepath.Dir(f.path(name))))
}

// List walks through the folder.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := f.walk(ctx, func(name string, d fs.DirEntry) error {
			if strings.HasPrefix(d.Name(), ".") || !strings.HasPrefix(name, prefix) {
				return nil
			}
			st, err := d.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // taken out meanwhile
			}
			if err != nil {
				return err
			}
			if !yield(Info{name, st.Size(), st.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Info{}, wrap("list", prefix, err))
		}
	}
}

// walk shows every regular file with its name in the vault, in the order of the names.
func (f *Folder) walk(ctx context.Context, see func(name string, d fs.DirEntry) error) error {
	return filepath.WalkDir(f.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case !d.Type().IsRegular():
			return nil
		}
		rel, err := filepath.Rel(f.dir, path)
		if err != nil {
			return err
		}
		return see(filepath.ToSlash(rel), d)
	})
}

// Sweep removes parts of files.
func (f *Folder) Sweep(ctx context.Context, before time.Time) (n int, err error) {
	err = f.walk(ctx, func(name string, d fs.DirEntry) error {
		if !strings.HasPrefix(d.Name(), partPrefix) {
			return nil
		}
		st, err := d.Info()
		if err != nil || !st.ModTime().Before(before) {
			return ignoreMissing(err)
		}
		n++
		return removeIfThere(f.path(name))
	})
	return n, wrap("sweep", f.dir, err)
}

// Ready looks at the free space.
func (f *Folder) Ready(context.Context) error {
	if err := f.makeDir(f.dir); err != nil {
		return fmt.Errorf("vault: %w", err)
	}
	var s unix.Statfs_t
	if err := unix.Statfs(f.dir, &s); err != nil {
		return fmt.Errorf("vault: %s: %w", f.dir, err)
	}
	if free := s.Bavail * uint64(s.Bsize); free < f.least {
		return fmt.Errorf("vault: %s has %d MB left, %d MB are needed", f.dir, free>>20, f.least>>20)
	}
	return unix.Access(f.dir, unix.W_OK)
}

func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return ErrNotFound
	}
	return err
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func removeIfThere(path string) error { return ignoreMissing(os.Remove(path)) }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
