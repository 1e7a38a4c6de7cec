package model

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hotline/queue"
)

// Replay runs a journal of operations again and compares what comes out.
type Replay struct {
	Operations, Offers int // done again, and made again
	Skipped            int // before the first point to begin from
	Losses, Bases      int // of the index; points where the journal begins, or begins again

	q *Queue
}

// Next runs one entry. Its error is the difference: a refusal or an offer that the journal has and the model does not make, or the other way round.
func (r *Replay) Next(e queue.Entry) error {
	settings := e.Settings
	if e.Base != nil {
		settings = e.Base.Settings
	}
	if settings != nil {
		if err := r.configure(e, settings); err != nil {
			return err
		}
	}
	switch {
	case e.Base != nil:
		r.Bases++
		return r.q.Load(*e.Base, e.BornAt())
	case r.q == nil:
		r.Skipped++
		return nil
	case e.Lost != "":
		r.Losses++
		r.q.Begin(e.BornAt())
		return nil
	}
	op, err := e.Op()
	if err != nil {
		return err
	}
	err = r.q.Do(e.At, op)
	r.Operations++
	if got := code(err); got != e.Err {
		return fmt.Errorf("%s %s: the journal says %q, the model %q", e.Verb, strings.Join(e.Args, " "), e.Err, got)
	}
	var made []queue.Promise
	for _, o := range r.q.Made {
		made = append(made, queue.Promise{Fence: o.Fence, Call: o.Call, Agent: o.Agent})
	}
	r.Offers += len(made)
	if !slices.Equal(made, e.Made) {
		return fmt.Errorf("%s %s: offers made: the journal has %v, the model %v", e.Verb, strings.Join(e.Args, " "), e.Made, made)
	}
	return nil
}

func (r *Replay) configure(e queue.Entry, settings []byte) error {
	cfg, err := queue.ParseSettings(settings)
	if err != nil {
		return err
	}
	if r.q != nil {
		return r.q.Configure(cfg)
	}
	if e.Base == nil {
		return nil // nothing to begin from yet
	}
	r.q, err = New(cfg)
	return err
}

// Index is the state after the last entry; nil before the first point to begin from.
func (r *Replay) Index() *Queue { return r.q }

// code is how a script names a refusal.
func code(err error) string {
	for code, known := range map[string]error{
		"": nil, "offer_gone": queue.ErrOfferGone, "no_call": queue.ErrNoCall, "no_agent": queue.ErrNoAgent, "agent_busy": queue.ErrAgentBusy,
		"fenced": queue.ErrFenced, "on_break": queue.ErrOnBreak, "form_due": queue.ErrFormDue, "wrong_state": queue.ErrWrongState,
	} {
		if errors.Is(err, known) {
			return code
		}
	}
	return err.Error()
}
