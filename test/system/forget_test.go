package system_test

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"hotline/casework"
	"hotline/casework/dispositions"
	"hotline/crisis"
	"hotline/crisis/policy"
	"hotline/storage"
	"hotline/test/stage"
)

// calm closes the incidents that a scenario left open, as two people do with a false alarm: their alarms would stand above the pages of the next one.
func (s *scene) calm(ctx context.Context, db *storage.DB) {
	keys, err := casework.LoadKeys(filepath.Join(s.Dir, "secrets"), "CN")
	if err != nil {
		return // it never started
	}
	rules, err := policy.Open(ctx, db)
	if err != nil {
		s.t.Errorf("the crisis policy: %v", err)
		return
	}
	store, err := crisis.OpenStore(ctx, db, crisis.Config{Seal: keys, Policies: rules})
	if err != nil {
		s.t.Errorf("incidents: %v", err)
		return
	}
	now, err := rules.Current(ctx)
	if err != nil {
		s.t.Errorf("the crisis policy: %v", err)
		return
	}
	outcome := ""
	for _, o := range now.Doc.Closure.Outcomes {
		if !o.Confirmed {
			outcome = o.ID
		}
	}
	forms, err := dispositions.Open(ctx, db, keys)
	if err != nil {
		s.t.Errorf("forms: %v", err)
		return
	}
	denied := dispositions.Answers{dispositions.Danger: {dispositions.DangerDenied}}
	one, two := crisis.Act{By: "u-test-1"}, crisis.Act{By: "u-test-2"}
	// One whose call is still being ended, or whose scenario killed the worker, is not this function's to judge.
	_ = stage.Poll(ctx, 5*time.Second, func() bool {
		live, err := store.Live(ctx)
		open := 0
		for _, in := range live {
			have, err := forms.Have(ctx, in.Calls)
			for _, call := range in.Calls {
				if err == nil && call != "" && !have[call] { // a missing one rings after ten minutes, in the middle of another scenario
					_, err = forms.Save(ctx, dispositions.Form{}.Complete(), call, one.By, denied)
				}
			}
			if err != nil {
				open++
			}
			if in.State == crisis.StateClosed {
				continue
			}
			_, err1 := store.Acknowledge(ctx, in.ID, one, crisis.ViaConsole)
			_, err2 := store.Assess(ctx, in.ID, one, crisis.LevelLow, two.By, "the scenario is over")
			_, err3 := store.ProposeClosure(ctx, in.ID, one, outcome, "the scenario is over")
			_, err4 := store.ConfirmClosure(ctx, in.ID, two, "the scenario is over")
			if errors.Join(err1, err2, err3, err4) != nil {
				open++
			}
		}
		return err == nil && open == 0
	})
}
