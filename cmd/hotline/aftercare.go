package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"hotline/agentui/aftercare"
	"hotline/casework"
	"hotline/casework/files"
	"hotline/casework/followups"
	"hotline/casework/referrals"
	"hotline/casework/shiftover"
	"hotline/crisis"
	"hotline/storage"
)

// followUps are those of the site, for every role that plans, shows or looks after them.
func (c Config) followUps(ctx context.Context, db *storage.DB, keys *casework.Keys, rules *callbackRules, callbacks *casework.Callbacks, persons *files.Store) (*followups.Store, error) {
	return followups.Open(ctx, followups.Config{
		Zone: c.place(), Hours: func(line string) casework.Hours { return rules.of(line).Retry.Hours }, Files: sameFiles{persons},
		Talks: func(ctx context.Context, f followups.FollowUp, call string) error {
			if f.File == "" {
				return nil
			}
			_, err := persons.Link(ctx, call, f.File, files.RoleCaller, files.System)
			return err
		},
	}, db, keys, callbacks)
}

// place is the site's time zone, as its lines were known here last.
func (c Config) place() *time.Location {
	known, _, _ := c.remembered()
	return known.Policy.Place()
}

// sameFiles tells what belongs to one person.
type sameFiles struct{ store *files.Store }

var _ followups.Files = sameFiles{}

func (s sameFiles) Same(ctx context.Context, file string, refs []string) ([]string, []string, error) {
	if file == "" {
		return nil, refs, nil
	}
	parts, err := s.store.Parts(ctx, file)
	if err != nil {
		return nil, nil, err
	}
	more, err := s.store.Refs(ctx, file)
	return append(parts, file), slices.Concat(refs, more), err
}

func (s sameFiles) OnLine(ctx context.Context, call string) (string, error) {
	f, _, found, err := s.store.OnLine(ctx, call)
	if err != nil || !found {
		return "", err
	}
	return f.ID, nil
}

// aftercare is what the console needs for what comes after a call.
func (c Config) aftercare(ctx context.Context, db *storage.DB, keys *casework.Keys, rules *callbackRules, callbacks *casework.Callbacks, incidents *crisis.Store) (aftercare.Stores, error) {
	persons, err := files.Open(ctx, db, keys)
	if err != nil {
		return aftercare.Stores{}, err
	}
	follow, err1 := c.followUps(ctx, db, keys, rules, callbacks, persons)
	refer, err2 := referrals.Open(ctx, db, keys)
	shift, err3 := shiftOver(ctx, db, keys, follow, callbacks, incidents)
	return aftercare.Stores{FollowUps: follow, Referrals: refer, Shiftover: shift, Files: persons}, errors.Join(err1, err2, err3)
}

// shiftOver hands over what is open at high risk.
func shiftOver(ctx context.Context, db *storage.DB, keys *casework.Keys, follow *followups.Store, callbacks *casework.Callbacks, incidents *crisis.Store) (*shiftover.Store, error) {
	sources := map[shiftover.Kind]shiftover.Source{shiftover.FollowUp: openFollowUps{follow}, shiftover.Callback: openCallbacks{callbacks}}
	if incidents != nil {
		sources[shiftover.Incident] = openIncidents{incidents}
	}
	return shiftover.Open(ctx, db, keys, sources)
}

const mostCases = 300

type openFollowUps struct{ store *followups.Store }

func (o openFollowUps) Open(ctx context.Context) ([]shiftover.Case, error) {
	all, err := o.store.High(ctx, mostCases)
	out := make([]shiftover.Case, 0, len(all))
	for _, f := range all {
		out = append(out, shiftover.Case{Kind: shiftover.FollowUp, ID: f.ID, Owner: f.Owner, Call: f.Call, Line: f.Line, What: f.Rule, Since: f.Planned, Due: f.Due})
	}
	return out, err
}

// Move gives it to the taker; one that is closed meanwhile needs nobody.
func (o openFollowUps) Move(ctx context.Context, c shiftover.Case, to, _ string) error {
	_, err := o.store.Assign(ctx, c.ID, to, to)
	if errors.Is(err, followups.ErrClosed) {
		return nil
	}
	return err
}

type openCallbacks struct{ store *casework.Callbacks }

func (o openCallbacks) Open(ctx context.Context) ([]shiftover.Case, error) {
	all, err := o.store.AtRisk(ctx, mostCases)
	out := make([]shiftover.Case, 0, len(all))
	for _, t := range all {
		out = append(out, shiftover.Case{
			Kind: shiftover.Callback, ID: t.ID, Owner: t.Preferred, Call: t.Call, Line: t.Line, What: t.Reason, Since: t.Created, Due: t.Due,
		})
	}
	return out, err
}

func (o openCallbacks) Move(ctx context.Context, c shiftover.Case, to, _ string) error {
	return o.store.Prefer(ctx, c.ID, to)
}

// openIncidents are incidents by the parts that people have in them: each part is handed over by itself.
type openIncidents struct{ store *crisis.Store }

// The parts.
const (
	partCounsellor = "counsellor"
	partSupervisor = "supervisor"
	partSecond     = "second"
)

func (o openIncidents) Open(ctx context.Context) ([]shiftover.Case, error) {
	all, err := o.store.Live(ctx)
	var out []shiftover.Case
	for _, in := range all {
		for _, part := range []struct{ name, who string }{{partCounsellor, cmp.Or(in.Carer, in.Counsellor)}, {partSupervisor, in.Supervisor}, {partSecond, in.Second}} {
			if part.who == "" {
				continue
			}
			never := []string{in.Counsellor, in.Carer}
			if part.name == partCounsellor {
				never = []string{in.Supervisor, in.Second}
			}
			out = append(out, shiftover.Case{
				Never: never, Kind: shiftover.Incident, ID: in.ID + ":" + part.name, Owner: part.who, Call: in.Call(), Line: in.Line, What: part.name, Since: in.Opened,
			})
		}
	}
	return out, err
}

// Move makes the taker lead it, work its checklist, or look after the person.
func (o openIncidents) Move(ctx context.Context, c shiftover.Case, to, offer string) error {
	id := c.ID[:len(c.ID)-len(c.What)-1]
	act := crisis.Act{By: to, Request: "shiftover:" + offer}
	var err error
	switch c.What {
	case partSupervisor:
		_, err = o.store.Lead(ctx, id, act)
	case partSecond:
		in, look := o.store.Get(ctx, id)
		if look != nil {
			return look
		}
		_, err = o.store.Take(ctx, id, act, in.Region)
	default:
		_, err = o.store.Care(ctx, id, act)
	}
	if errors.Is(err, crisis.ErrClosed) {
		return nil
	}
	return err
}
