package main

import (
	"testing"
	"time"

	"hotline/agentui/tapes"
	"hotline/recordings"
	"hotline/storage"
	"hotline/storage/storagetest"
)

// A search by class and level finds what is known of a call by itself, by its number and by the file of its person.
func TestRecordingsOfAClass(t *testing.T) {
	for name, fresh := range map[storage.Dialect]func(testing.TB) string{storage.SQLite: storagetest.SQLiteURL, storage.Postgres: storagetest.PostgresURL} {
		t.Run(string(name), func(t *testing.T) {
			s := newSite(t, fresh(t))
			db, c, ctx := taped(t, s), s.config(), t.Context()
			rows := []string{
				`INSERT INTO files (id, code, merged_into, root, created_ms, created_by, birth_year, age_band, sex, region, level, level_ms, level_by, level_version)
					VALUES ('f1','a','','f1',1,'u',0,'','','','',0,'',0), ('f2','b','f1','f1',1,'u',0,'','','','',0,'',0), ('f3','c','','f3',1,'u',0,'','','','',0,'',0)`,
				`INSERT INTO file_links (id, file_id, call_id, role, at_ms, refs) VALUES ('l1','f1','k3','caller',1,''), ('l2','f3','k4','caller',1,'')`,
				`INSERT INTO file_risks (id, file_id, level, version, at_ms, ord, by_id, act) VALUES ('x','f2','high',1,1,1,'u','')`,
				`INSERT INTO retention_holds (id, kind, object, at_ms, by_who, reason, lift_asked, lifted_ms, lifted_by) VALUES ('h','file','f3',1,'u','x','',0,'')`,
				`INSERT INTO risk_levels (id, call_id, at_ms, by_user, level, was, definition, scale, proposal, confirmed_by) VALUES ('v1','k5',1,'u','high','',1,'','',''), ('v2','k5',2,'u','low','high',1,'','',''), ('v3','k6',1,'u','low','',1,'','','')`,
			}
			for _, call := range []string{"k1", "k2", "k3", "k4", "k5", "k6"} {
				tier, ref := "normal", call
				if call == "k1" {
					tier = "red"
				}
				if call == "k2" {
					ref = "k1"
				}
				rows = append(rows, `INSERT INTO calls (id, line, dialled, node, tier, agent, danger, arrived_ms, queued_ms, offered_ms, talked_ms, ended_ms, wait_ms, talk_ms, outcome, ended_by, q850, caller_ref)
					VALUES ('`+call+`','12355','','','`+tier+`','u-1',FALSE,1,1,1,1,2,0,0,'answered','',0,'`+ref+`')`,
					`INSERT INTO recordings (id, call_id, line, agent, kind, started_ms, duration_ms, chunks, gaps, gap_ms, complete, bytes, path, stored_ms)
					VALUES ('r`+call+`','`+call+`','12355','u-1','call',1,60000,1,0,0,TRUE,1,'p',1)`)
			}
			for _, q := range rows {
				if _, err := db.Exec(ctx, q); err != nil {
					t.Fatal(q, err)
				}
			}
			keys, err := c.callerKeys()
			if err != nil {
				t.Fatal(err)
			}
			calls, err := c.retention(ctx, db, keys)
			if err != nil {
				t.Fatal(err)
			}
			index, err := recordings.NewIndex(ctx, db)
			if err != nil {
				t.Fatal(err)
			}
			l := library{index: index, calls: calls}
			for _, one := range []struct{ class, level, want string }{
				{tapes.ClassHighRisk, "", "k3k2k1"}, {tapes.ClassHold, "", "k4"}, {tapes.ClassOrdinary, "", "k6k5"}, {"", "high", "k5"}, {"", "low", "k6"},
				{tapes.ClassOrdinary, "high", "k5"}, {tapes.ClassHold, "high", ""}, {tapes.ClassHighRisk, "none", ""},
			} {
				found, err := l.Find(ctx, tapes.Search{Query: tapes.Query{Limit: 10, To: time.UnixMilli(100)}, Class: one.class, Level: one.level})
				var got string
				for _, r := range found {
					got += r.Call
				}
				if err != nil || got != one.want {
					t.Errorf("class %q, level %q: %s, want %s, %v", one.class, one.level, got, one.want, err)
				}
			}
		})
	}
}
