package agentui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"hotline/agentui/broadcast"
	"hotline/agentui/detectors"
	"hotline/agentui/persons"
	"hotline/agentui/settings"
	"hotline/agentui/users"
	"hotline/agentui/walls"
	"hotline/casework"
	"hotline/casework/decisions"
	"hotline/casework/handovers"
	"hotline/casework/phonebook"
	"hotline/casework/qualifications"
	"hotline/casework/retention"
	"hotline/casework/reviews"
	"hotline/casework/roster"
	"hotline/casework/statistics"
	"hotline/queue/lines"
	"hotline/storage"
)

// staff fills the database of a site: users.Store with its password hashes, which are slow by design, is asked once for all tests, and each test
// gets a copy of the file.
var staff = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "staff")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "hotline.db")
	ctx, cancel := context.WithTimeout(context.Background(), 6*patience)
	defer cancel()
	db, err := storage.Open(ctx, storage.Config{URL: "sqlite:" + file})
	if err != nil {
		return nil, err
	}
	store, err := users.Open(ctx, db)
	if err == nil {
		err = casework.Migrate(ctx, db)
	}
	for _, u := range []users.User{
		{Username: "agent1", Name: "咨询员一", Role: users.Agent, Locale: "zh-CN"},
		{Username: "agent2", Name: "咨询员二", Role: users.Agent, Locale: "en"},
		{Username: "supervisor1", Name: "督导一", Role: users.Supervisor},
		{Username: "admin1", Name: "管理员一", Role: users.Administrator},
		{Username: "security1", Name: "安全员一", Role: users.Security},
		{Username: "auditor1", Name: "审计员一", Role: users.Auditor},
	} {
		if err == nil {
			_, err = store.Create(ctx, u, passwordOf(u.Username))
		}
	}
	if err == nil {
		err = tables(ctx, db)
	}
	if err := errors.Join(err, db.Close()); err != nil { // closed, the whole of it is in the one file
		return nil, err
	}
	return os.ReadFile(file)
})

// tables makes those of every store, so that no test waits for dozens of migrations.
func tables(ctx context.Context, db *storage.DB) error {
	keys, err := callerKeys()
	if err != nil {
		return err
	}
	var faults []error
	note := func(_ any, err error) { faults = append(faults, err) }
	note(lines.Open(ctx, db, lines.Site{}))
	note(decisions.Open(ctx, db))
	note(settings.Open(ctx, db, settings.Defaults{}))
	note(handovers.Open(ctx, db, keys))
	note(phonebook.Open(ctx, db, keys, "CN"))
	note(OpenCare(ctx, db, keys))
	callbacks, err := casework.NewCallbacks(casework.CallbacksConfig{}, db, keys)
	note(nil, err)
	note(openAftercare(ctx, db, keys, callbacks))
	escalation, err := openCrisis(ctx, db, keys, &callTree{})
	note(nil, err)
	risk, err := OpenRisk(ctx, db, keys)
	note(nil, err)
	note(persons.Open(ctx, db, keys, risk.Forms, escalation.Policy, nil))
	note(retention.OpenFiled(ctx, db, keys))
	note(broadcast.Open(ctx, db))
	note(walls.Open(ctx, db))
	note(detectors.Open(ctx, db))
	note(roster.Open(ctx, db))
	note(qualifications.Open(ctx, db))
	note(qualifications.OpenRequirements(ctx, db))
	note(statistics.Open(ctx, db, nil))
	note(reviews.Open(ctx, db, keys, nil))
	return errors.Join(faults...)
}

// callerKeys are the keys of all sites.
var callerKeys = sync.OnceValues(func() (*casework.Keys, error) {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := casework.CreateKeys(dir); err != nil {
		return nil, err
	}
	return casework.LoadKeys(dir, "CN")
})
