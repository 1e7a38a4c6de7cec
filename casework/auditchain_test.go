package casework

import (
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"hotline/storage"
)

func appendRows(t *testing.T, a *Audit, n int) {
	t.Helper()
	for i := range n {
		_, err := a.Append(t.Context(), Entry{At: at(i), Actor: "u-1", Role: "supervisor", Action: "recording.access", Object: fmt.Sprint("recording:", i), Reason: "督导 review", Detail: json.RawMessage(`{"n":1}`)})
		must(t, err)
	}
}

// unguarded takes the triggers away, as somebody who owns the database can.
func unguarded(t *testing.T, db *storage.DB, statements ...string) {
	t.Helper()
	drop := []string{
		"DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete", "DROP TRIGGER audit_no_replace", "DROP TRIGGER audit_head_forward", "DROP TRIGGER audit_chain_no_update",
		"DROP TRIGGER audit_chain_no_delete", "DROP TRIGGER audit_chain_no_replace",
	}
	if db.Dialect() == storage.Postgres {
		drop = []string{"DROP TRIGGER audit_append_only ON audit", "DROP TRIGGER audit_head_forward ON audit_head", "DROP TRIGGER audit_chain_append_only ON audit_chain"}
	}
	for _, sql := range append(drop, statements...) {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

func TestAuditChain(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		a := NewAudit(db)
		if end, err := a.Verify(t.Context(), []Digest{SHA256{}}); err != nil || end.Seq != 0 {
			t.Errorf("empty: %+v, %v", end, err)
		}
		appendRows(t, a, 2500) // more than a page
		kept, err := a.Verify(t.Context(), []Digest{SHA256{}})
		if err != nil || kept.Seq != 2500 || len(kept.Digest) != 64 {
			t.Fatalf("%+v, %v", kept, err)
		}
		appendRows(t, a, 3)
		end, err := a.Verify(t.Context(), []Digest{SHA256{}}, kept)
		if err != nil || end.Seq != 2503 {
			t.Fatalf("%+v, %v", end, err)
		}
		// Another method from here on; rows know theirs.
		appendRows(t, a.By(sha512Digest{}), 1)
		if end, err = a.Verify(t.Context(), []Digest{SHA256{}, sha512Digest{}}, kept, end); err != nil || end.Method != "sha512" {
			t.Errorf("%+v, %v", end, err)
		}
		if _, err := a.Verify(t.Context(), []Digest{SHA256{}}); !isBroken(err, 2504, "not known here") {
			t.Errorf("by a method that is not known: %v", err)
		}
	})
}

func isBroken(err error, seq int64, what string) bool {
	b, ok := errors.AsType[*Broken](err)
	return ok && b.Seq == seq && strings.Contains(b.What, what)
}

type sha512Digest struct{}

func (sha512Digest) Name() string { return "sha512" }

func (sha512Digest) Sum(data []byte) []byte {
	sum := sha512.Sum512(data)
	return sum[:]
}

func TestAuditTampering(t *testing.T) {
	for name, c := range map[string]struct {
		do   []string
		seq  int64
		what string
	}{
		"a reason":              {[]string{"UPDATE audit SET reason = 'x' WHERE seq = 4"}, 4, "changed"},
		"a time":                {[]string{"UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 4"}, 4, "changed"},
		"text moved over":       {[]string{"UPDATE audit SET actor = 'u-1s', role = 'upervisor' WHERE seq = 4"}, 4, "changed"},
		"a row":                 {[]string{"DELETE FROM audit WHERE seq = 4"}, 4, "gone"},
		"a row with its link":   {[]string{"DELETE FROM audit WHERE seq = 4", "DELETE FROM audit_chain WHERE seq = 4"}, 4, "gone"},
		"a link":                {[]string{"DELETE FROM audit_chain WHERE seq = 4"}, 4, "not in the chain"},
		"the end":               {[]string{"DELETE FROM audit WHERE seq > 5", "DELETE FROM audit_chain WHERE seq > 5"}, 6, "gone"},
		"the end, less links":   {[]string{"DELETE FROM audit WHERE seq > 5", "UPDATE audit_head SET seq = 5"}, 6, "gone"},
		"the end and the count": {[]string{"DELETE FROM audit WHERE seq > 5", "DELETE FROM audit_chain WHERE seq > 5", "UPDATE audit_head SET seq = 5"}, 6, "checkpoint"},
		"a row too many":        {[]string{"INSERT INTO audit (" + auditColumns + ") VALUES (9, 0, 'u-2', '', 'x', '', '', '', '{}')"}, 9, "not counted"},
		"everything anew":       {[]string{"UPDATE audit SET actor = 'u-9'", "DELETE FROM audit_chain"}, 8, "made anew"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, db *storage.DB) {
				a := NewAudit(db)
				appendRows(t, a, 8)
				kept, err := a.Verify(t.Context(), []Digest{SHA256{}})
				must(t, err)
				unguarded(t, db, c.do...)
				if name == "everything anew" {
					must(t, a.linkOld(t.Context()))
					if _, err := a.Verify(t.Context(), []Digest{SHA256{}}); err != nil {
						t.Errorf("a chain that was made anew is whole: %v", err)
					}
				}
				if _, err = a.Verify(t.Context(), []Digest{SHA256{}}, kept); !isBroken(err, c.seq, c.what) {
					t.Errorf("%v, want row %d: %s", err, c.seq, c.what)
				}
				if name == "the end, less links" {
					if _, err = a.Verify(t.Context(), []Digest{SHA256{}}); !isBroken(err, 6, "set back") {
						t.Errorf("without the checkpoint: %v", err)
					}
				} else if name != "a row too many" {
					// Whatever was taken away, what people do now is still written: nobody is kept from callers by it.
					appendRows(t, a, 1)
				}
			})
		})
	}
}

// Rows of a release without a chain are chained by the migration, those of an older process beside us by the next row.
func TestOldAuditRowsAreChained(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		old := func(seq int) {
			t.Helper()
			_, err := db.Exec(t.Context(), "UPDATE audit_head SET seq = seq + 1")
			must(t, err)
			_, err = db.Exec(t.Context(), "INSERT INTO audit ("+auditColumns+") VALUES (?, ?, 'u-1', 'agent', 'x', '', '', '', '{}')", seq, 1_700_000_000_000+seq)
			must(t, err)
		}
		for i := range 1500 {
			old(i + 1)
		}
		a := NewAudit(db)
		if _, err := a.Verify(t.Context(), []Digest{SHA256{}}); !isBroken(err, 1, "not in the chain") {
			t.Errorf("before: %v", err)
		}
		must(t, Migrate(t.Context(), db))
		if end, err := a.Verify(t.Context(), []Digest{SHA256{}}); err != nil || end.Seq != 1500 {
			t.Errorf("after: %+v, %v", end, err)
		}
		old(1501)
		old(1502)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { appendRows(t, a, 5) })
		}
		wg.Wait()
		if end, err := a.Verify(t.Context(), []Digest{SHA256{}}); err != nil || end.Seq != 1522 {
			t.Errorf("beside an older process: %+v, %v", end, err)
		}
	})
}

func TestAuditSearch(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		a := NewAudit(db)
		for i, action := range []string{"recording.access", "recording.play", "recordings", "recording", "person.save"} {
			_, err := a.Append(t.Context(), Entry{At: at(i), Actor: "u-1", Action: action})
			must(t, err)
		}
		for name, c := range map[string]struct {
			q    AuditQuery
			want string
		}{
			"one action": {AuditQuery{Action: "recording.play"}, "[2]"},
			"a family":   {AuditQuery{Action: "recording."}, "[2 1]"},
			"from":       {AuditQuery{From: at(3)}, "[5 4]"},
			"to":         {AuditQuery{To: at(1)}, "[1]"},
			"a span":     {AuditQuery{From: at(1), To: at(3), Actor: "u-1"}, "[3 2]"},
		} {
			rows, err := a.List(t.Context(), c.q)
			must(t, err)
			var got []int64
			for _, r := range rows {
				got = append(got, r.Seq)
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("%s: %v, want %s", name, got, c.want)
			}
		}
	})
}
