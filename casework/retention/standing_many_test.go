package retention

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// many writes calls that ended, every tenth red, every seventh on hold, each third with a file.
func (w world) many(n int) (calls []string) {
	w.t.Helper()
	must(w.t, w.db.InTx(w.t.Context(), func(tx *storage.Tx) error {
		for i := range n {
			call := fmt.Sprintf("m%05d", i)
			calls = append(calls, call)
			if i%3 == 0 {
				w.files["f"+call] = []string{call}
			}
			if i%7 == 0 {
				if _, err := tx.Exec(w.t.Context(), `INSERT INTO retention_holds (`+holdColumns+`) VALUES (?,?,?,?,?,?,'',0,'')`, "h"+call, string(storage.OfCall), call, 1, "u-1", []byte("x")); err != nil {
					return err
				}
			}
			tier := "normal"
			if i%10 == 0 {
				tier = "red"
			}
			if _, err := tx.Exec(w.t.Context(), `INSERT INTO calls (id, line, dialled, node, tier, agent, danger, arrived_ms, queued_ms,
				offered_ms, talked_ms, ended_ms, wait_ms, talk_ms, outcome, ended_by, q850, caller_ref) VALUES (?,'12355','','',?,'u-1',FALSE,1,1,1,1,2,0,0,'answered','',0,?)`,
				call, tier, "ref-"+call); err != nil {
				return err
			}
		}
		return nil
	}))
	return calls
}

// Of many calls at once the same is known as of each.
func TestStandings(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w, ctx := newWorld(t, db), t.Context()
		calls := w.many(2000)
		_, err := w.Put(ctx, storage.OfFile, "fm00003", "u-1", "asked for by a court")
		must(t, err)
		each := make(map[string]Standing, len(calls))
		began := time.Now()
		for i := 0; i < len(calls); i += 10 {
			each[calls[i]], err = w.Standing(ctx, calls[i])
			must(t, err)
		}
		alone := time.Since(began)
		began = time.Now()
		for some := range slices.Chunk(calls, 100) {
			all, err := w.Standings(ctx, some)
			must(t, err)
			for _, c := range some {
				if one, asked := each[c]; asked && all[c] != one {
					t.Errorf("%s: %+v together, %+v alone", c, all[c], one)
				}
				each[c] = all[c]
			}
		}
		w.sameByCondition(each)
		t.Logf("%d calls: %v each by itself, %v by the hundred", len(calls), 10*alone, time.Since(began))
		for call, want := range map[string]Standing{"m00003": {Class: Ordinary, Held: true}, "m00010": {Class: HighRisk}, "m00070": {Class: HighRisk, Held: true}, "m00001": {Class: Ordinary}} {
			if each[call] != want {
				t.Errorf("%s: %+v", call, each[call])
			}
		}
	})
}

// sameByCondition looks for calls of each standing in one query.
func (w world) sameByCondition(each map[string]Standing) {
	w.t.Helper()
	for name, c := range map[string]struct {
		of  storage.Condition
		all storage.Set // empty: there is none
		is  func(Standing) bool
	}{
		"high": {w.HighRisk(), w.AllHighRisk(), func(st Standing) bool { return st.Class == HighRisk }},
		"held": {w.Held(), w.AllHeld(), func(st Standing) bool { return st.Held }},
		"none": {w.HighRisk().Not().And(w.Held().Not()), "", func(st Standing) bool { return st.Class == Ordinary && !st.Held }},
	} {
		ask := func(query string) []string {
			found, err := storage.Select(w.t.Context(), w.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) }, query)
			must(w.t, err)
			slices.Sort(found)
			return slices.Compact(found)
		}
		found := ask(`SELECT asked.id FROM calls asked WHERE ` + c.of.On("asked.id"))
		var want []string
		for call, st := range each {
			if c.is(st) {
				want = append(want, call)
			}
		}
		slices.Sort(want)
		if !slices.Equal(found, want) {
			w.t.Errorf("%s: %d by the condition, %d one by one", name, len(found), len(want))
		}
		if c.all == "" {
			continue
		}
		if all := ask(string(c.all)); !slices.Equal(all, want) {
			w.t.Errorf("%s: %d in the set, %d one by one", name, len(all), len(want))
		}
	}
}

// A look waits for nobody who writes.
func TestStandingOnlyReads(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		w := newWorld(t, db)
		w.many(1)
		must(t, db.InTx(t.Context(), func(tx *storage.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE calls SET line = '12356'`); err != nil {
				return err
			}
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Second)
			defer stop()
			st, err := w.Standing(ctx, "m00000")
			if err != nil || st.Class != HighRisk {
				t.Errorf("%+v, %v", st, err)
			}
			return nil
		}))
	})
}
