package reviews

import (
	"context"
	"os"
	"testing"
	"time"

	"hotline/casework"
	"hotline/casework/assessments"
	"hotline/storage"
	"hotline/storage/storagetest"
)

func TestMain(m *testing.M) { os.Exit(storagetest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scene is a store with the tables that it reads, at a time that the test moves.
type scene struct {
	*Store
	t      *testing.T
	db     *storage.DB
	stones erased
	ledger *casework.Ledger
	clock  time.Time
}

func begin(t *testing.T, db *storage.DB) *scene {
	t.Helper()
	ctx := t.Context()
	must(t, casework.Migrate(ctx, db))
	dir := t.TempDir()
	must(t, casework.CreateKeys(dir))
	keys, err := casework.LoadKeys(dir, "CN")
	must(t, err)
	_, err = assessments.Open(ctx, db, keys)
	must(t, err)
	stones := erased{}
	s, err := Open(ctx, db, keys, stones)
	must(t, err)
	sc := &scene{s, t, db, stones, casework.NewLedger(db), time.Now().Add(time.Hour).Truncate(time.Millisecond)}
	s.now = func() time.Time { return sc.clock }
	return sc
}

// erased are the calls whose private part was taken out.
type erased map[string]func() bool

func (e erased) ErasedIn(_ context.Context, _ storage.Reader, call string) (bool, error) {
	gone := e[call]
	return gone != nil && gone(), nil
}

// talk writes a call that ends now, with who talked and for how many seconds each.
func (s *scene) talk(call string, red bool, shares ...casework.Share) {
	s.t.Helper()
	ctx := s.t.Context()
	tier := "normal"
	if red {
		tier = "red"
	}
	from := s.clock.Add(-20 * time.Minute)
	must(s.t, s.ledger.Open(ctx, casework.CallRecord{ID: call, Line: "12355", Tier: tier, Agent: shares[0].Agent, Arrived: from, Talked: from.Add(time.Minute)}))
	must(s.t, s.ledger.Close(ctx, call, casework.Closing{EndedAt: s.clock, Outcome: casework.Answered, Cause: casework.Cause{By: casework.ByCaller}, Shares: shares}))
}

func of(agent string, seconds int) casework.Share {
	return casework.Share{Agent: agent, Talk: time.Duration(seconds) * time.Second}
}

func (s *scene) high(call string) {
	s.t.Helper()
	_, err := s.db.Exec(s.t.Context(), `INSERT INTO risk_levels (id, call_id, at_ms, by_user, level, was, definition, scale, proposal, confirmed_by) VALUES (?,?,?,'u-1','high','',1,'','','')`,
		"l-"+call, call, storage.Millis(s.clock))
	must(s.t, err)
}

// rule saves another sheet.
func (s *scene) rule(change func(*Sheet)) {
	s.t.Helper()
	v, err := s.Sheets.Current(s.t.Context())
	must(s.t, err)
	change(&v.Doc)
	_, err = s.Sheets.Save(s.t.Context(), v.N, v.Doc, "u-admin", "")
	must(s.t, err)
}

func (s *scene) list(f Filter) []Row {
	s.t.Helper()
	all, err := s.List(s.t.Context(), f)
	must(s.t, err)
	return all
}

// marks are those of a whole sheet with the same mark on every item.
func marks(s Sheet, points int) Marks {
	out := Marks{}
	for _, sec := range s.Sections {
		for _, it := range sec.Items {
			out[it.ID] = Mark{Points: points, Words: map[bool]string{true: "为什么"}[points == 0 && it.Critical]}
		}
	}
	return out
}
