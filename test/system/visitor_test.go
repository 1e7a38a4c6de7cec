package system_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"slices"
	"time"

	"hotline/audio"
	"hotline/test/stage"

	_ "modernc.org/sqlite" // to read the audit trail as an auditor would
)

// visitor is a signed-in person without a browser.
type visitor struct {
	s      *scene
	client *http.Client
}

// visit logs the first person of a role in.
func (s *scene) visit(role string) *visitor {
	s.t.Helper()
	user, err := s.User(role, 0)
	must(s.t, err)
	jar, err := cookiejar.New(nil)
	must(s.t, err)
	v := &visitor{s, &http.Client{Jar: jar, Timeout: 10 * time.Second}}
	status, body := v.post("/api/login", map[string]string{"username": user.Name, "password": user.Password})
	if status != http.StatusOK {
		s.t.Fatalf("log in as %s: %d %s", role, status, body)
	}
	return v
}

func (v *visitor) post(path string, body any) (int, []byte) {
	v.s.t.Helper()
	raw, err := json.Marshal(body)
	must(v.s.t, err)
	req, err := http.NewRequestWithContext(v.s.t.Context(), http.MethodPost, v.s.Demo.Console+path, bytes.NewReader(raw))
	must(v.s.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", v.s.Demo.Console) // requests that change something must be same-origin
	return v.do(req)
}

func (v *visitor) get(path string) (int, []byte) {
	v.s.t.Helper()
	req, err := http.NewRequestWithContext(v.s.t.Context(), http.MethodGet, v.s.Demo.Console+path, nil)
	must(v.s.t, err)
	return v.do(req)
}

func (v *visitor) do(req *http.Request) (int, []byte) {
	v.s.t.Helper()
	res, err := v.client.Do(req)
	must(v.s.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	must(v.s.t, err)
	return res.StatusCode, raw
}

type recording struct {
	ID         string `json:"recording"`
	Call       string `json:"call"`
	DurationMS int64  `json:"duration_ms"`
	StartedAt  int64  `json:"started_at"`
	Complete   bool   `json:"complete"`
}

// recording of a call; waits until it is there.
func (v *visitor) recording(call string) recording {
	v.s.t.Helper()
	var found []recording
	err := stage.Poll(v.s.t.Context(), 10*time.Second, func() bool {
		status, body := v.get("/api/recordings")
		var list struct {
			Recordings []recording `json:"recordings"`
		}
		if status != http.StatusOK || json.Unmarshal(body, &list) != nil {
			v.s.t.Fatalf("list of recordings: %d %s", status, body)
		}
		found = slices.DeleteFunc(list.Recordings, func(r recording) bool { return r.Call != call })
		return len(found) == 1
	})
	if err != nil {
		v.s.t.Fatalf("call has %d recordings: %v", len(found), err)
	}
	return found[0]
}

// part is one stretch of a recording.
type part struct {
	FromMS int64 `json:"from_ms"`
	ToMS   int64 `json:"to_ms"`
}

// parts of a recording; waits until there are n.
func (v *visitor) parts(call string, n int) (r recording, parts []part) {
	v.s.t.Helper()
	r = v.recording(call)
	err := stage.Poll(v.s.t.Context(), 10*time.Second, func() bool {
		_, body := v.post("/api/recordings/"+r.ID+"/access", map[string]string{"reason": "proof that no part is lost"})
		var access struct {
			Grant string `json:"grant"`
		}
		must(v.s.t, json.Unmarshal(body, &access))
		var tape struct {
			Parts []part `json:"parts"`
		}
		_, body = v.get("/api/recordings/" + r.ID + "?grant=" + access.Grant)
		must(v.s.t, json.Unmarshal(body, &tape))
		parts = tape.Parts
		return len(parts) >= n
	})
	if err != nil {
		v.s.t.Fatalf("call has %d parts, want %d: %v", len(parts), n, err)
	}
	return r, parts
}

// listen plays a recording, for a reason.
func (v *visitor) listen(id, reason string) audio.Clip {
	v.s.t.Helper()
	status, body := v.post("/api/recordings/"+id+"/access", map[string]string{"reason": reason})
	var access struct {
		URL string `json:"url"`
	}
	if status != http.StatusOK || json.Unmarshal(body, &access) != nil {
		v.s.t.Fatalf("access to the recording: %d %s", status, body)
	}
	status, wav := v.get(access.URL)
	if status != http.StatusOK {
		v.s.t.Fatalf("play the recording: %d %s", status, wav)
	}
	clip, err := audio.ReadWAV(bytes.NewReader(wav))
	must(v.s.t, err)
	return clip
}

// judgeAudit: looking at a recording is itself a record.
func (s *scene) judgeAudit(recording string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Dir, "data", "hotline.db")+"?mode=ro")
	must(s.t, err)
	defer func() { _ = db.Close() }()
	var rows int
	err = db.QueryRowContext(s.t.Context(), `SELECT count(*) FROM audit WHERE object = ? AND action = 'recording.access' AND reason <> '' AND actor <> ''`, recording).Scan(&rows)
	if err != nil || rows != 1 {
		s.t.Errorf("audit trail has %d rows of the access (%v)", rows, err)
	}
}

// describe is for the message of a failed test.
func (r recording) String() string { return fmt.Sprintf("%s of %d ms", r.ID, r.DurationMS) }
