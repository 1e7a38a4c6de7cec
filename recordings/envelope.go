package recordings

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// envelope makes and proves what lies inside the frames of one part. The seal around it is the suite's.
type envelope struct {
	id  string
	key []byte // of the HMAC
}

// wrap is a body with what proves whose and which frame it is.
func (e *envelope) wrap(kind byte, ordinal uint32, body []byte) []byte {
	plain := make([]byte, 0, len(body)+len(e.id)+6+macSize)
	plain = append(plain, kind, byte(len(e.id)))
	plain = append(plain, e.id...)
	plain = binary.BigEndian.AppendUint32(plain, ordinal)
	plain = append(plain, body...)
	return append(plain, mac(e.key, plain)...)
}

func mac(key, b []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(b)
	return h.Sum(nil)
}

// unwrap returns the body of a frame and proves it. Without a key yet (the opening) the key is taken from the body.
func (e *envelope) unwrap(kind byte, ordinal uint32, plain []byte) ([]byte, error) {
	head := 2 + len(e.id) + 4
	if len(plain) < head+macSize {
		return nil, errors.New("too short")
	}
	signed, sum := plain[:len(plain)-macSize], plain[len(plain)-macSize:]
	body := signed[head:]
	key := e.key
	if key == nil {
		if kind != frameOpening || len(body) < sha256.Size {
			return nil, errors.New("no opening")
		}
		key = body[:sha256.Size]
	}
	if !hmac.Equal(sum, mac(key, signed)) {
		return nil, errors.New("was not written by the recorder")
	}
	if signed[0] != kind || int(signed[1]) != len(e.id) || string(signed[2:2+len(e.id)]) != e.id {
		return nil, errors.New("belongs elsewhere")
	}
	if got := binary.BigEndian.Uint32(signed[2+len(e.id):]); got != ordinal {
		return nil, fmt.Errorf("is piece %d in the place of %d", got, ordinal)
	}
	return body, nil
}

// clearBody is the body of a frame that is not sealed, for who has no key and cannot prove it.
func (e *envelope) clearBody(plain []byte) ([]byte, bool) {
	head := 2 + len(e.id) + 4
	if len(plain) < head+macSize {
		return nil, false
	}
	return plain[head : len(plain)-macSize], true
}
