package listen

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"
)

func TestParseAddress(t *testing.T) {
	for s, ok := range map[string]bool{
		"unix:/run/agency/words.sock": true, "127.0.0.1:9000": true, "[::1]:9000": true,
		"": false, "unix:words.sock": false, "127.0.0.1": false, "192.0.2.1:9000": false, "localhost:9000": false, "0.0.0.0:9000": false, "example.org:80": false,
	} {
		if _, err := ParseAddress(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// program is what an agency would plug in.
func program(t *testing.T) (Address, *net.UnixListener) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return Address{"unix", path}, l
}

func TestOutlet(t *testing.T) {
	to, l := program(t)
	found := make(chan Finding, 10)
	o := NewOutlet(to, About{Recording: "01REC", Call: "01CALL", Line: "12355", Agent: "u-1"}, func(f Finding) { found <- f }, slog.New(slog.DiscardHandler))
	o.Hear(Counsellor, 0, []byte{1, 2, 3})
	o.Hear(Caller, 8000, make([]byte, 400))
	o.Rest()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	line, err := r.ReadBytes('\n')
	var about About
	if err != nil || json.Unmarshal(line, &about) != nil || about != (About{1, "01REC", "01CALL", "12355", "u-1", 8000, "alaw", 0}) {
		t.Fatalf("%s, %v", line, err)
	}
	for _, want := range []struct {
		kind   byte
		n      int
		offset uint64
	}{{kindCounsellor, 3, 0}, {kindCaller, 320, 8000}, {kindCaller, 80, 8320}, {kindRest, 0, 8400}} {
		var head [headerSize]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			t.Fatal(err)
		}
		n := int(binary.BigEndian.Uint16(head[1:]))
		if head[0] != want.kind || n != want.n || binary.BigEndian.Uint64(head[3:]) != want.offset {
			t.Fatalf("%q of %d at %d, want %+v", head[0], n, binary.BigEndian.Uint64(head[3:]), want)
		}
		if _, err := r.Discard(n); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(conn, `{"from_ms":100,"to_ms":900,"code":"word-3"}`+"\n"+`{"from_ms":0,"to_ms":1,"code":"words that somebody said"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	if f := <-found; f != (Finding{100 * time.Millisecond, 900 * time.Millisecond, "word-3"}) {
		t.Errorf("%+v", f)
	}
	if _, err := r.ReadByte(); err == nil { // words are refused, and the connection with them
		t.Error("it is heard on")
	}
	o.Close(8400)
	if len(found) != 0 {
		t.Errorf("%+v", <-found)
	}
}

// TestOutletWithoutAProgram: nobody is there, or nobody reads; the recording does not wait.
func TestOutletWithoutAProgram(t *testing.T) {
	to, l := program(t)
	_ = l.Close()
	away := NewOutlet(to, About{}, func(Finding) {}, slog.New(slog.DiscardHandler))
	slow, l2 := program(t)
	deaf := NewOutlet(slow, About{}, func(Finding) {}, slog.New(slog.DiscardHandler))
	began := time.Now()
	for i := range 20000 {
		away.Hear(Caller, int64(i*160), make([]byte, 160))
		deaf.Hear(Caller, int64(i*160), make([]byte, 160))
	}
	away.Close(0)
	deaf.Close(0)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if away.missed.Load() == 0 || deaf.missed.Load() == 0 {
		t.Error("nothing was left out")
	}
	_ = l2.Close()
}
