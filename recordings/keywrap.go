package recordings

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// suffixKey is the ending of the file that lies beside a part in the spool and holds its [PartKey].
const suffixKey = ".key"

// PartKey is the key of one part, wrapped for each holder of a site's secret key. It is never inside the part's file: who destroys every
// copy of it has erased the part, wherever copies of the file may lie. It holds no secret in clear. It names its call itself, so that erasing a contact finds
// it also when the part cannot be read and everything else about it is lost; and line, person and beginning, so that a part whose recorder died and whose
// sidecar is lost comes in with them. What it says wrong of them is found by who opens the part, which has them sealed.
type PartKey struct {
	Part   string      `json:"part"`
	Call   string      `json:"call,omitempty"` // id; empty: not known
	Suite  string      `json:"suite"`
	Public string      `json:"public"` // of the part
	For    []KeyHolder `json:"for"`

	Line      string `json:"line,omitempty"`
	Agent     string `json:"agent,omitempty"`
	Kind      Kind   `json:"kind,omitempty"`
	StartedMS int64  `json:"started_ms,omitempty"` // 0: it was made before keys said these four
}

// about is what it says of its part; ok is false when that is not all.
func (k *PartKey) about() (s sidecar, ok bool) {
	return sidecar{ID: k.Part, Call: k.Call, Line: k.Line, Agent: k.Agent, Kind: k.Kind, StartedMS: k.StartedMS}, k.StartedMS != 0
}

// KeyHolder is a site's key for which a part's key was wrapped.
type KeyHolder struct {
	Public string `json:"public"` // of the site
	Sealed []byte `json:"sealed"`
}

// wrapMagic keeps what was sealed for another purpose, or for another part, from being taken for a part's key.
const wrapMagic = "hotline part key 2\n"

// newPartKey makes a key for a part and wraps it. The secret half is gone when it returns.
func newPartKey(part string, of Meta, suite Suite, to []PublicKey) (PublicKey, PartKey, error) {
	secret, err := suite.Generate()
	if err != nil {
		return nil, PartKey{}, err
	}
	k := PartKey{
		Part: part, Call: of.Call, Suite: suite.Name(), Public: secret.Public().String(), Line: of.Line, Agent: of.Agent, Kind: of.Kind, StartedMS: of.Started.UnixMilli(),
	}
	for _, site := range to {
		if err := k.wrap(secret, site); err != nil {
			return nil, PartKey{}, err
		}
	}
	return secret.Public(), k, nil
}

func (k *PartKey) wrap(secret SecretKey, site PublicKey) error {
	for _, h := range k.For {
		if h.Public == site.String() {
			return nil
		}
	}
	plain := []byte(wrapMagic + k.Part + "\n" + secret.Text())
	defer clear(plain)
	sealed, err := site.Seal(plain)
	if err != nil {
		return err
	}
	k.For = append(k.For, KeyHolder{site.String(), sealed})
	return nil
}

// Open gives the part's secret key to a holder of one of the site's. [ErrWrongKey] when none of the keys is a holder's.
func (k *PartKey) Open(keys ...SecretKey) (SecretKey, error) {
	suite, err := SuiteNamed(k.Suite)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		public := key.Public().String()
		for _, h := range k.For {
			if h.Public != public {
				continue
			}
			plain, err := key.Open(h.Sealed)
			if err != nil {
				return nil, fmt.Errorf("recordings: the wrapped key of %s was altered: %w", k.Part, err)
			}
			head := wrapMagic + k.Part + "\n"
			if len(plain) < len(head) || string(plain[:len(head)]) != head {
				return nil, fmt.Errorf("recordings: the wrapped key of %s belongs to another part", k.Part)
			}
			secret, err := suite.ParseSecret(string(plain[len(head):]))
			clear(plain)
			if err == nil && secret.Public().String() != k.Public {
				err = fmt.Errorf("recordings: the wrapped key of %s is not the one of its part", k.Part)
			}
			return secret, err
		}
	}
	return nil, ErrWrongKey
}

// Rewrap gives further holders the key too and returns the new form; those that have it keep theirs.
func (k *PartKey) Rewrap(by []SecretKey, to ...PublicKey) (PartKey, error) {
	secret, err := k.Open(by...)
	if err != nil {
		return PartKey{}, err
	}
	out := *k
	out.For = append([]KeyHolder(nil), k.For...)
	for _, site := range to {
		if err := out.wrap(secret, site); err != nil {
			return PartKey{}, err
		}
	}
	return out, nil
}

// Encode is the form that lies in the spool and in the database.
func (k *PartKey) Encode() ([]byte, error) { return json.Marshal(k) }

// DecodePartKey reads what Encode wrote.
func DecodePartKey(b []byte) (PartKey, error) {
	var k PartKey
	if err := json.Unmarshal(b, &k); err != nil {
		return PartKey{}, errors.New("recordings: this is no wrapped key of a part")
	}
	if validID(k.Part) != nil || len(k.For) == 0 {
		return PartKey{}, errors.New("recordings: this is no wrapped key of a part")
	}
	return k, nil
}

func keyPath(dir, id string) string { return filepath.Join(dir, id+suffixKey) }

func writePartKey(dir string, k PartKey) error {
	b, err := k.Encode()
	if err != nil {
		return err
	}
	return replaceFile(keyPath(dir, k.Part), b)
}

// readPartKey reads the key beside a part in the spool; fs.ErrNotExist for one of format 1.
func readPartKey(dir, id string) (PartKey, error) {
	b, err := os.ReadFile(keyPath(dir, id))
	if err != nil {
		return PartKey{}, err
	}
	k, err := DecodePartKey(b)
	if err == nil && k.Part != id {
		err = errors.New("the wrapped key is of another part")
	}
	return k, err
}
