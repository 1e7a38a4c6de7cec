package protocol

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		frame string
		want  error
		id    int64
	}{
		"nothing":                {``, ErrMalformed, 0},
		"not JSON":               {`ready`, ErrMalformed, 0},
		"an array":               {`[{"type":"ready","id":1}]`, ErrMalformed, 0},
		"null":                   {`null`, ErrMalformed, 0},
		"two values":             {`{"type":"ready","id":1}{}`, ErrMalformed, 0},
		"not UTF-8":              {"{\"type\":\"not_ready\",\"id\":1,\"reason\":\"\xff\"}", ErrMalformed, 0},
		"no id":                  {`{"type":"ready"}`, ErrMalformed, 0},
		"id 0":                   {`{"type":"ready","id":0}`, ErrMalformed, 0},
		"negative id":            {`{"type":"ready","id":-1}`, ErrMalformed, 0},
		"broken id":              {`{"type":"ready","id":1.5}`, ErrMalformed, 0},
		"id as text":             {`{"type":"ready","id":"1"}`, ErrMalformed, 0},
		"unknown type":           {`{"type":"reboot","id":4}`, ErrUnknownType, 4},
		"a server's type":        {`{"type":"ack","id":4}`, ErrUnknownType, 4},
		"no type":                {`{"id":4}`, ErrUnknownType, 4},
		"unknown field":          {`{"type":"ready","id":4,"x":1}`, ErrMalformed, 4},
		"name in capitals":       {`{"type":"accept","id":4,"OFFER":"a"}`, ErrMalformed, 4},
		"a name twice":           {`{"type":"accept","id":4,"offer":"a","offer":"b"}`, ErrMalformed, 0},
		"missing field":          {`{"type":"hello","id":4,"leg":""}`, ErrMalformed, 4},
		"wrong type":             {`{"type":"mute","id":4,"muted":"yes"}`, ErrMalformed, 4},
		"null value":             {`{"type":"mute","id":4,"muted":null}`, ErrMalformed, 0},
		"empty offer":            {`{"type":"accept","id":4,"offer":""}`, ErrMalformed, 4},
		"odd character":          {`{"type":"accept","id":4,"offer":"a b"}`, ErrMalformed, 4},
		"a Redis key's brackets": {`{"type":"hangup","id":4,"call":"{site}:x"}`, ErrMalformed, 4},
		"long id":                {`{"type":"hangup","id":4,"call":"` + strings.Repeat("a", 65) + `"}`, ErrMalformed, 4},
		"empty SDP":              {`{"type":"leg","id":4,"offer":""}`, ErrMalformed, 4},
	} {
		t.Run(name, func(t *testing.T) {
			req, head, err := Decode([]byte(c.frame))
			if !errors.Is(err, c.want) || req != nil {
				t.Fatalf("got %v, %v", req, err)
			}
			if head.ID != c.id {
				t.Errorf("id %d, want %d", head.ID, c.id)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("golden/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		req, head, err := Decode(frame)
		if err != nil {
			if req != nil {
				t.Fatal("a request with an error")
			}
			return
		}
		if head.ID < 1 || req.Header() != head {
			t.Fatalf("head %+v of %+v", head, req)
		}
		again, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		twice, _, err := Decode(again)
		if err != nil || !reflect.DeepEqual(twice, req) {
			t.Fatalf("%s decodes as %+v, %v", again, twice, err)
		}
	})
}
