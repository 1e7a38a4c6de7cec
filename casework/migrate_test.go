package casework

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"hotline/storage"
	"hotline/storage/storagetest"
)

// before gives the migrations up to a number.
func before(t *testing.T, last string) fstest.MapFS {
	t.Helper()
	old := fstest.MapFS{}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	must(t, err)
	for _, f := range files {
		name := f[len("migrations/"):]
		if name[:5] <= last {
			text, err := fs.ReadFile(migrations, f)
			must(t, err)
			old[name] = &fstest.MapFile{Data: text}
		}
	}
	return old
}

// Tasks and calls of before are what they were: a task waits for a person, and nobody is called for a call that ended long ago.
func TestOldRowsStayValid(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, db *storage.DB) {
		ctx := t.Context()
		must(t, db.Migrate(ctx, "casework", before(t, "00004")))
		for id, danger := range map[string]bool{"old": false, "red": true} {
			_, err := db.Exec(ctx, `INSERT INTO tasks VALUES (?,?,'callback','message','12355','c','',?,'open',?,?,0,'','1-a',?)`, id, "note:"+id, danger,
				storage.Millis(at(0)), storage.Millis(at(60)), []byte{1})
			must(t, err)
		}
		_, err := db.Exec(ctx, `INSERT INTO calls VALUES ('gone','12355','12355','n','normal','',?,?,0,0,0,?,1,0,'abandoned','caller',0,'1-b',NULL)`, false,
			storage.Millis(at(0)), storage.Millis(at(9)))
		must(t, err)
		must(t, Migrate(ctx, db))
		d := newDesk(t, db, CallbacksConfig{})
		d.clock = at(100)
		list, err := NewTasks(db).List(ctx, 10)
		must(t, err)
		if len(list) != 2 || list[0].ID != "red" || list[0].Tier != "red" || list[1].Tier != "normal" || !list[1].Place.Equal(at(0)) || !list[1].NextTry.Equal(at(60)) || list[1].Auto {
			t.Fatalf("%+v", list)
		}
		d.none()
		l, err := NewLeft(LeftConfig{}, d.Callbacks)
		must(t, err)
		must(t, l.look(ctx))
		if list, err = NewTasks(db).List(ctx, 10); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		must(t, NewTasks(db).Complete(ctx, "old", "u-1"))
	})
}
