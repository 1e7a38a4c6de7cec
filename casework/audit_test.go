package casework

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"hotline/storage"
)

func TestAudit(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, a := t.Context(), NewAudit(db)
		for i := range 5 {
			e, err := a.Append(ctx, Entry{
				At: at(i), Actor: fmt.Sprintf("u-%d", i%2), Role: "supervisor", Action: "recording.access", Object: fmt.Sprintf("recording:%d", i%3),
				Reason: "督导 review", Remote: "192.0.2.1", Detail: json.RawMessage(`{"n":1}`),
			})
			must(t, err)
			if e.Seq != int64(i+1) {
				t.Errorf("row %d has number %d", i, e.Seq)
			}
		}
		for name, c := range map[string]struct {
			q    AuditQuery
			want []int64
		}{
			"all":    {AuditQuery{}, []int64{5, 4, 3, 2, 1}},
			"page":   {AuditQuery{Before: 4, Limit: 2}, []int64{3, 2}},
			"actor":  {AuditQuery{Actor: "u-1"}, []int64{4, 2}},
			"object": {AuditQuery{Object: "recording:0"}, []int64{4, 1}},
			"both":   {AuditQuery{Object: "recording:0", Actor: "u-0", Before: 4}, []int64{1}},
		} {
			rows, err := a.List(ctx, c.q)
			must(t, err)
			var got []int64
			for _, r := range rows {
				got = append(got, r.Seq)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		rows, err := a.List(ctx, AuditQuery{Limit: 1})
		must(t, err)
		if e := rows[0]; !e.At.Equal(at(4)) || e.Reason != "督导 review" || string(e.Detail) != `{"n":1}` || e.Remote != "192.0.2.1" {
			t.Errorf("read back %+v", e)
		}
		for _, bad := range []Entry{{}, {Actor: "u"}, {Actor: "u", Action: "x", Detail: json.RawMessage("{")}} {
			if _, err := a.Append(ctx, bad); err == nil {
				t.Errorf("accepted %+v", bad)
			}
		}
	})
}

// The database itself refuses to change or forget, whoever asks.
func TestAuditOnlyGrows(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		ctx, a := t.Context(), NewAudit(db)
		for range 2 {
			_, err := a.Append(ctx, Entry{Actor: "u-1", Action: "x"})
			must(t, err)
		}
		attacks := []string{
			`UPDATE audit SET actor = 'u-2'`, `UPDATE audit SET reason = 'x' WHERE seq = 99`, `DELETE FROM audit`, `DELETE FROM audit WHERE seq = 1`,
			`UPDATE audit_head SET seq = 0`, `UPDATE audit_head SET seq = seq + 2`, `DELETE FROM audit_head`,
			`INSERT INTO audit (` + auditColumns + `) VALUES (1, 0, 'u-2', '', 'y', '', '', '', '{}')`,
		}
		if db.Dialect() == storage.Postgres {
			attacks = append(attacks, `TRUNCATE audit`, `INSERT INTO audit (`+auditColumns+`) VALUES (1, 0, 'u-2', '', 'y', '', '', '', '{}')
				ON CONFLICT (seq) DO UPDATE SET actor = 'u-2'`)
		} else {
			attacks = append(attacks, `REPLACE INTO audit (`+auditColumns+`) VALUES (1, 0, 'u-2', '', 'y', '', '', '', '{}')`)
		}
		for _, sql := range attacks {
			_, err := db.Exec(ctx, sql)
			if err == nil && !strings.Contains(sql, "seq = 99") { // SQLite's triggers speak for rows
				t.Errorf("went through: %s", sql)
			}
		}
		rows, err := a.List(ctx, AuditQuery{})
		must(t, err)
		if len(rows) != 2 || rows[0].Actor != "u-1" || rows[1].Actor != "u-1" {
			t.Errorf("after the attacks: %+v", rows)
		}
	})
}

func TestAuditAtOnce(t *testing.T) {
	each(t, func(t *testing.T, db *storage.DB) {
		const writers, rows = 8, 10
		a := NewAudit(db)
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for range rows {
					if _, err := a.Append(t.Context(), Entry{Actor: fmt.Sprint(w), Action: "x"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		list, err := a.List(t.Context(), AuditQuery{Limit: 1000})
		must(t, err)
		for i, e := range list {
			if e.Seq != int64(len(list)-i) {
				t.Fatalf("a hole at %d", e.Seq)
			}
		}
		if len(list) != writers*rows {
			t.Errorf("%d rows", len(list))
		}
	})
}
