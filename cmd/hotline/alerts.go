package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hotline/agentui/detectors"
	"hotline/agentui/users"
	"hotline/casework"
	"hotline/crisis"
	"hotline/deploy/prompts"
	"hotline/queue"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/alert"
)

// alerting is how a controller calls people of the call tree. Nobody is called where nothing can be dialled.
func (c Config) alerting(calls alert.Calls) telephony.Alerting {
	sounds, alarm := c.sounds(), c.Outbound.Alarm
	a := telephony.Alerting{
		Calls: calls, Spoken: map[string]map[alert.Prompt][]string{}, First: sounds.Languages[0], CallerID: alarm.CallerID, Ring: alarm.Ring, Ask: alarm.Ask,
		Dial: c.outbound(nil).Dial,
	}
	for _, language := range sounds.Languages {
		one := prompts.Sounds{Dir: sounds.Dir, Languages: []string{language}}
		a.Spoken[language] = map[alert.Prompt][]string{
			alert.PromptAsk: one.Media(prompts.AlertAsk), alert.PromptAccepted: one.Media(prompts.AlertAccepted),
			alert.PromptDeclined: one.Media(prompts.AlertDeclined), alert.PromptOver: one.Media(prompts.AlertOver),
		}
	}
	return a
}

// telephones are those of people, as incidents ask for them.
type telephones struct {
	people *users.Store
	phones *users.Telephones
}

var _ crisis.Telephones = telephones{}

// Telephone gives a person's number, empty when they have none or may not sign in any more, and language.
func (t telephones) Telephone(ctx context.Context, user string) (number, language string, err error) {
	u, err := t.people.ByID(ctx, queue.AgentID(user))
	if errors.Is(err, users.ErrNotFound) || err == nil && u.Disabled {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	number, err = t.phones.Number(ctx, u.ID)
	if errors.Is(err, users.ErrNoTelephone) {
		err = nil
	}
	return number, u.Locale, err
}

// alertCalls are the telephones that are to ring, of incidents.
func (c Config) alertCalls(ctx context.Context, db *storage.DB, keys *casework.Keys) (*crisis.Calls, error) {
	store, _, err := c.crisis(ctx, db, keys, nil)
	if err != nil {
		return nil, err
	}
	people, err := users.Open(ctx, db)
	if err != nil {
		return nil, err
	}
	return crisis.NewCalls(store, telephones{people, people.Telephones(keys, region)}), nil
}

// ringing are the alerts as a controller carries them out, in a database that may be away for a time.
type ringing struct{ books *lateLedger }

var _ alert.Calls = ringing{}

func (r ringing) do(ctx context.Context, fn func(*crisis.Calls) error) error {
	led, err := r.books.ledger(ctx)
	if err != nil {
		return err
	}
	return alertError(fn(led.alerts))
}

func alertError(err error) error {
	if errors.Is(err, crisis.ErrLost) {
		return alert.ErrLost
	}
	return err
}

func (r ringing) Claim(ctx context.Context, owner string, lease time.Duration, most int) (out []alert.Call, err error) {
	err = r.do(ctx, func(c *crisis.Calls) error {
		got, err := c.Claim(ctx, owner, lease, most)
		for _, a := range got {
			out = append(out, alert.Call{ID: a.ID, Incident: a.Incident, User: a.User, Language: a.Language})
		}
		return err
	})
	return out, err
}

func (r ringing) Extend(ctx context.Context, owner string, lease time.Duration, ids ...string) (lost []string, err error) {
	err = r.do(ctx, func(c *crisis.Calls) (err error) {
		lost, err = c.Extend(ctx, owner, lease, ids...)
		return err
	})
	return lost, err
}

func (r ringing) Release(ctx context.Context, id, owner string) error {
	return r.do(ctx, func(c *crisis.Calls) error { return c.Release(ctx, id, owner) })
}

func (r ringing) Number(ctx context.Context, id, owner string) (number string, err error) {
	err = r.do(ctx, func(c *crisis.Calls) (err error) {
		number, err = c.Number(ctx, id, owner)
		if errors.Is(err, crisis.ErrNotFound) {
			err = alert.ErrUncallable
		}
		return err
	})
	return number, err
}

func (r ringing) Placed(ctx context.Context, id, owner string) error {
	return r.do(ctx, func(c *crisis.Calls) error { return c.Placed(ctx, id, owner) })
}

func (r ringing) Done(ctx context.Context, id, owner string, result alert.Result) error {
	return r.do(ctx, func(c *crisis.Calls) error { return c.Done(ctx, id, owner, crisis.CallResult(result)) })
}

// detected takes in what a detector outside found: a trigger like others.
func detected(store *crisis.Store) func(context.Context, detectors.Detection) error {
	return func(ctx context.Context, d detectors.Detection) error {
		_, err := store.Trigger(ctx, crisis.Trigger{
			Kind: crisis.TriggerDetector, Call: d.Call, Line: d.Line, Ref: d.Caller, Level: crisis.Level(d.Level), By: d.Detector, At: d.At, Source: d.Source, Agent: d.Agent,
			Note: fmt.Sprintf("%s %.2f", d.Kind, d.Score),
		})
		return err
	}
}
