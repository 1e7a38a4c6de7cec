package main

import (
	"context"

	"hotline/agentui/settings"
	"hotline/recordings"
)

// keptTapes shows the console which recordings were kept long enough, and what stands over those that went. It erases nothing.
type keptTapes struct {
	*recordings.Index
	contacts keep
	cfg      RecordingsConfig
	settings *settings.Store
}

// Due are the recordings that `hotline recordings purge` would show.
func (k keptTapes) Due(ctx context.Context, limit int) (rules recordings.Rules, due []recordings.Due, more bool, err error) {
	v, err := k.settings.Current(ctx)
	if err != nil {
		return rules, nil, false, err
	}
	rules = k.cfg.rules(v.Doc)
	err = recordings.NewPurger(k.Index, k.contacts).Walk(ctx, rules, func(d recordings.Due) bool {
		if more = len(due) == limit; more {
			return false
		}
		due = append(due, d)
		return true
	})
	return rules, due, more, err
}
