package casework

import (
	"bytes"
	"cmp"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/sm4"
)

// KeyUse is what a key is for.
type KeyUse string

// The uses.
const (
	UseRef  KeyUse = "caller-ref" // makes pseudonyms of numbers
	UseSeal KeyUse = "seal"       // seals values
)

// KeyMethod is the cryptography of a key. The international one has no word in the file's name, as before there was a choice.
type KeyMethod string

// The methods: AES-256-GCM (seal) with HMAC-SHA-256 (caller-ref), or those of GB/T 32907 and GB/T 32905: SM4-GCM with HMAC-SM3.
const (
	MethodAES KeyMethod = "aes"
	MethodSHA KeyMethod = "sha256"
	MethodSM4 KeyMethod = "sm4"
	MethodSM3 KeyMethod = "sm3"
)

// KeyFile is one key as it lies in the folder: "seal-1.key", "seal-2.sm4.key", "caller-ref-2.sm3.wrapped".
type KeyFile struct {
	Use     KeyUse
	Number  byte
	Method  KeyMethod
	Wrapped bool // only a key service opens it
}

// Name is the file's name without its ending: what a key service knows it by.
func (f KeyFile) Name() string {
	name := string(f.Use) + "-" + strconv.Itoa(int(f.Number))
	if f.Method == MethodSM4 || f.Method == MethodSM3 {
		name += "." + string(f.Method)
	}
	return name
}

// File is the file's name.
func (f KeyFile) File() string {
	if f.Wrapped {
		return f.Name() + ".wrapped"
	}
	return f.Name() + ".key"
}

// size is how long a key is in bytes.
func (f KeyFile) size() int {
	if f.Method == MethodSM4 {
		return 16
	}
	return 32
}

var keyName = regexp.MustCompile(`^(caller-ref|seal)-([0-9]+)(?:\.(sm3|sm4))?\.(key|wrapped)$`)

// parseKeyFile reads a file's name. ok is false when it is none of ours.
func parseKeyFile(name string) (f KeyFile, ok bool, err error) {
	m := keyName.FindStringSubmatch(name)
	if m == nil {
		return f, false, nil
	}
	n, err := strconv.ParseUint(m[2], 10, 8)
	if err != nil || n == 0 {
		return f, true, fmt.Errorf("casework: %s: the number of a key is 1 to 255", name)
	}
	f = KeyFile{Use: KeyUse(m[1]), Number: byte(n), Method: KeyMethod(m[3]), Wrapped: m[4] == "wrapped"}
	switch {
	case f.Method == "" && f.Use == UseSeal:
		f.Method = MethodAES
	case f.Method == "":
		f.Method = MethodSHA
	case f.Use == UseSeal && f.Method != MethodSM4, f.Use == UseRef && f.Method != MethodSM3:
		return f, true, fmt.Errorf("casework: %s: a key for %s is not of %s", name, f.Use, f.Method)
	}
	return f, true, nil
}

// ListKeys tells which keys lie in a folder: by use, newest first.
func ListKeys(dir string) ([]KeyFile, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, wrap("list keys", err)
	}
	var out []KeyFile
	for _, e := range entries {
		f, ok, err := parseKeyFile(e.Name())
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if i := slices.IndexFunc(out, func(o KeyFile) bool { return o.Use == f.Use && o.Number == f.Number }); i >= 0 {
			if out[i].Name() != f.Name() {
				return nil, fmt.Errorf("casework: %s and %s have the same number", out[i].File(), f.File())
			}
			continue // wrapped, and its plaintext not taken away yet
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b KeyFile) int { return cmp.Or(cmp.Compare(a.Use, b.Use), cmp.Compare(b.Number, a.Number)) })
	return out, nil
}

// CreateKeys makes the first key of each sort in dir, random and readable by the owner only, where there is none yet. Losing the
// "seal" keys loses the numbers; losing the "caller-ref" keys loses who called before. Keep a copy apart from the database's.
func CreateKeys(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return wrap("create keys", err)
	}
	have, err := ListKeys(dir)
	if err != nil {
		return err
	}
	for _, f := range []KeyFile{{Use: UseRef, Number: 1, Method: MethodSHA}, {Use: UseSeal, Number: 1, Method: MethodAES}} {
		if slices.ContainsFunc(have, func(o KeyFile) bool { return o.Use == f.Use }) {
			continue
		}
		if err := f.create(dir, nil); err != nil {
			return wrap("create keys", err)
		}
	}
	return nil
}

// RotateKey makes the next key of a use; what is new is made with it from then on, and the older ones stay for what is old. With a service the key lies
// wrapped by it.
func RotateKey(dir string, use KeyUse, method KeyMethod, service KeyService) (KeyFile, error) {
	have, err := ListKeys(dir)
	if err != nil {
		return KeyFile{}, err
	}
	f := KeyFile{Use: use, Number: 1, Method: method, Wrapped: service != nil}
	if i := slices.IndexFunc(have, func(o KeyFile) bool { return o.Use == use }); i >= 0 {
		if have[i].Number == 255 {
			return f, errors.New("casework: rotate key: there are 255 keys already")
		}
		f.Number = have[i].Number + 1
	}
	if _, _, err := parseKeyFile(f.File()); err != nil {
		return f, err
	}
	return f, wrap("rotate key", f.create(dir, service))
}

// WrapKeys has the service wrap every key that lies open, and takes the open file away once the wrapped one was opened again.
func WrapKeys(dir string, service KeyService) ([]KeyFile, error) {
	have, err := ListKeys(dir)
	if err != nil {
		return nil, err
	}
	var done []KeyFile
	for _, f := range have {
		open := KeyFile{f.Use, f.Number, f.Method, false}
		key, err := open.read(dir, nil)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return done, err
		}
		f.Wrapped = true
		if err := f.write(dir, key, service); err != nil {
			return done, wrap("wrap "+f.Name(), err)
		}
		if back, err := f.read(dir, service); err != nil || !bytes.Equal(back, key) {
			return done, wrap("wrap "+f.Name(), errors.Join(errors.New("the service does not give the same key back; the open file stays"), err))
		}
		if err := os.Remove(filepath.Join(dir, open.File())); err != nil {
			return done, wrap("wrap "+f.Name(), err)
		}
		done = append(done, f)
	}
	return done, nil
}

func (f KeyFile) create(dir string, service KeyService) error {
	key := make([]byte, f.size())
	if _, err := rand.Read(key); err != nil {
		return err
	}
	return f.write(dir, key, service)
}

// serviceTimeout bounds one question to a key service.
const serviceTimeout = 30 * time.Second

// write gives a key its name only when it is whole and on disk; of several processes that try at once, one wins.
func (f KeyFile) write(dir string, key []byte, service KeyService) error {
	text := hex.EncodeToString(key)
	if f.Wrapped {
		ctx, cancel := context.WithTimeout(context.Background(), serviceTimeout)
		defer cancel()
		wrapped, err := service.Wrap(ctx, f.Name(), key)
		if err != nil {
			return err
		}
		text = base64.StdEncoding.EncodeToString(wrapped)
	}
	tmp, err := os.CreateTemp(dir, "."+f.File()+"-*") // 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.WriteString(text + "\n")
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), filepath.Join(dir, f.File())); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f KeyFile) read(dir string, service KeyService) ([]byte, error) {
	file := filepath.Join(dir, f.File())
	st, err := os.Stat(file)
	if err != nil {
		return nil, wrap("load keys", err)
	}
	if st.Mode().Perm()&0o007 != 0 {
		return nil, fmt.Errorf("casework: load keys: everyone may read %s; run chmod 600 on it", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, wrap("load keys", err)
	}
	text = bytes.TrimSpace(text)
	if !f.Wrapped {
		key, err := hex.DecodeString(string(text))
		if err != nil || len(key) != f.size() {
			return nil, fmt.Errorf("casework: load keys: %s must hold %d hexadecimal digits", file, 2*f.size())
		}
		return key, nil
	}
	if service == nil {
		return nil, fmt.Errorf("casework: load keys: %s is wrapped, and no key service is configured to open it", file)
	}
	wrapped, err := base64.StdEncoding.DecodeString(string(text))
	if err != nil {
		return nil, fmt.Errorf("casework: load keys: %s must hold base64: %w", file, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), serviceTimeout)
	defer cancel()
	key, err := service.Unwrap(ctx, f.Name(), wrapped)
	if err == nil && len(key) != f.size() {
		err = fmt.Errorf("the key service gave %d bytes, want %d", len(key), f.size())
	}
	return key, wrap("load keys: "+f.Name(), err)
}

// readKeys reads all keys of a folder.
func readKeys(dir string, service KeyService) (keySet, error) {
	have, err := ListKeys(dir)
	if err != nil {
		return keySet{}, err
	}
	set := keySet{map[byte]refKey{}, map[byte]cipher.AEAD{}}
	for _, f := range have {
		key, err := f.read(dir, service)
		if err != nil {
			return keySet{}, err
		}
		if f.Use == UseRef {
			set.refs[f.Number] = refKey{sha256.New, key}
			if f.Method == MethodSM3 {
				set.refs[f.Number] = refKey{sm3.New, key}
			}
			continue
		}
		block, err := newBlock(f.Method, key)
		if err != nil {
			return keySet{}, wrap("load keys", err)
		}
		if set.seals[f.Number], err = cipher.NewGCM(block); err != nil {
			return keySet{}, wrap("load keys", err)
		}
	}
	for use, none := range map[KeyUse]bool{UseRef: len(set.refs) == 0, UseSeal: len(set.seals) == 0} {
		if none {
			return keySet{}, fmt.Errorf("casework: load keys: %s holds no %s key; CreateKeys makes one", dir, use)
		}
	}
	return set, nil
}

func newBlock(method KeyMethod, key []byte) (cipher.Block, error) {
	if method == MethodSM4 {
		return sm4.NewCipher(key)
	}
	return aes.NewCipher(key)
}
