package agentui

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/agentui/protocol"
)

const (
	recordingsDefault = 50
	recordingsMost    = 200
	reasonLeast       = 3 // characters
	reasonMost        = 500
	grantNonce        = 16 // bytes
	grantsKept        = 4096
)

func (s *Server) listRecordings(w http.ResponseWriter, r *http.Request, _ *visitor) {
	q := r.URL.Query()
	before, limit := time.Time{}, recordingsDefault
	if text := q.Get("before"); text != "" {
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil || ms < 0 {
			s.fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		before = time.UnixMilli(ms)
	}
	if text := q.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > recordingsMost {
			s.fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		limit = n
	}
	rows, err := s.deps.Recordings.List(r.Context(), before, limit)
	if err != nil {
		s.unavailable(w, r, err)
		return
	}
	out := protocol.Recordings{Recordings: []protocol.Recording{}}
	for _, rec := range rows {
		out.Recordings = append(out.Recordings, protocol.Recording{
			ID: rec.ID, Call: string(rec.Call), Line: string(rec.Line), Agent: string(rec.Agent), AgentName: s.directory.name(rec.Agent),
			StartedAt: millis(rec.Started), DurationMs: rec.Duration.Milliseconds(), Complete: rec.Complete,
		})
	}
	s.reply(w, http.StatusOK, out)
}

func (s *Server) accessRecording(w http.ResponseWriter, r *http.Request, v *visitor) {
	id, ok := s.recordingID(w, r)
	if !ok {
		return
	}
	var body protocol.Access
	if !s.read(w, r, &body) {
		return
	}
	reason := strings.TrimSpace(body.Reason)
	if n := utf8.RuneCountInString(reason); !utf8.ValidString(reason) || n < reasonLeast || n > reasonMost {
		s.fail(w, http.StatusBadRequest, protocol.BadReason, protocol.Params{"least": reasonLeast, "most": reasonMost})
		return
	}
	file, ok := s.openRecording(w, r, id)
	if !ok {
		return
	}
	_ = file.Close() // only asked whether it is there
	entry := AuditEntry{
		At: time.Now(), Actor: v.user.ID, Role: v.user.Role, Action: ActionRecordingAccess, Object: id, Reason: reason,
		Remote: s.remote(r).String(),
	}
	if err := s.deps.Audit.Append(r.Context(), entry); err != nil {
		s.unavailable(w, r, err)
		return
	}
	until := time.Now().Add(s.cfg.GrantLife)
	s.reply(w, http.StatusOK, protocol.Grant{
		URL: "/api/recordings/" + id + "/audio?grant=" + url.QueryEscape(newGrant(v.grants, id, until)), ExpiresAt: until.UnixMilli(),
	})
}

// playRecording streams a recording to the sign-in that asked for it. The audit row comes before the first byte, once for each grant: a
// player asks for many ranges.
func (s *Server) playRecording(w http.ResponseWriter, r *http.Request, v *visitor) {
	id, ok := s.recordingID(w, r)
	if !ok {
		return
	}
	grant := r.URL.Query().Get("grant")
	if !validGrant(v.grants, grant, id, time.Now()) {
		s.fail(w, http.StatusForbidden, protocol.GrantExpired, nil)
		return
	}
	file, ok := s.openRecording(w, r, id)
	if !ok {
		return
	}
	defer func() { _ = file.Close() }() // only read
	if r.Method == http.MethodGet {
		err := s.grants.once(grant, func() error {
			return s.deps.Audit.Append(r.Context(), AuditEntry{
				At: time.Now(), Actor: v.user.ID, Role: v.user.Role, Action: ActionRecordingPlay, Object: id, Remote: s.remote(r).String(),
			})
		})
		if err != nil {
			s.unavailable(w, r, err)
			return
		}
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(audioTimeout)) // not every writer has one; real connections do
	w.Header().Set("Content-Type", "audio/wav")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Disposition", "inline")
	http.ServeContent(w, r, "", time.Time{}, file)
}

// openRecording opens what the caller must close; it has answered when it returns false.
func (s *Server) openRecording(w http.ResponseWriter, r *http.Request, id string) (io.ReadSeekCloser, bool) {
	file, err := s.deps.Recordings.Open(r.Context(), id)
	switch {
	case errors.Is(err, ErrNoRecording):
		s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return nil, false
	case err != nil:
		s.unavailable(w, r, err)
		return nil, false
	}
	return file, true
}

// recordingID reads the id from the path; it has answered when it returns false.
func (s *Server) recordingID(w http.ResponseWriter, r *http.Request) (string, bool) {
	id := r.PathValue("id")
	if _, err := ulid.ParseStrict(id); err != nil {
		s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return "", false
	}
	return id, true
}

// newGrant is a token that only the same sign-in can use, for one recording, until a time. It is signed with the sign-in's own key, so every
// console of the site can check it and the end of the sign-in ends it.
func newGrant(key []byte, recording string, until time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(until.UnixMilli()))
	nonce := make([]byte, grantNonce)
	_, _ = rand.Read(nonce) // never fails (crypto/rand)
	b = append(b, nonce...)
	return base64.RawURLEncoding.EncodeToString(append(b, grantMAC(key, b, recording)...))
}

func validGrant(key []byte, grant, recording string, now time.Time) bool {
	b, err := base64.RawURLEncoding.DecodeString(grant)
	if err != nil || len(b) != 8+grantNonce+sha256.Size || len(key) == 0 {
		return false
	}
	head, mac := b[:8+grantNonce], b[8+grantNonce:]
	if !hmac.Equal(mac, grantMAC(key, head, recording)) {
		return false
	}
	return now.UnixMilli() < int64(binary.BigEndian.Uint64(head))
}

func grantMAC(key, head []byte, recording string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write(head)
	m.Write([]byte(recording))
	return m.Sum(nil)
}

// playedGrants remembers for which grants the playing was written down, in bounded memory; one that was forgotten is written down again.
type playedGrants struct {
	mu    sync.Mutex
	order []string
	seen  map[string]bool
}

func newPlayedGrants() *playedGrants { return &playedGrants{seen: map[string]bool{}} }

// once runs fn for the first use of a grant; uses at the same time wait for it.
func (p *playedGrants) once(grant string, fn func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[grant] {
		return nil
	}
	if err := fn(); err != nil {
		return err
	}
	if len(p.order) >= grantsKept {
		delete(p.seen, p.order[0])
		p.order = p.order[1:]
	}
	p.seen[grant] = true
	p.order = append(p.order, grant)
	return nil
}
