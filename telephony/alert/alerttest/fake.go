// Package alerttest holds what every keeper of alerts must do ([Suite]), and one in memory that does it ([Fake]).
package alerttest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"hotline/telephony/alert"
)

// Fake keeps alerts in memory.
type Fake struct {
	Now func() time.Time // default time.Now

	mu   sync.Mutex
	rows []*row
}

type row struct {
	alert.Call
	number, owner string
	until         time.Time
	placed        bool
	result        alert.Result
}

var _ alert.Calls = (*Fake)(nil)

// Add has a person called, who has the number; "" is none.
func (f *Fake) Add(user, language, number string) (id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id = "a" + strconv.Itoa(len(f.rows)+1)
	f.rows = append(f.rows, &row{Call: alert.Call{ID: id, Incident: "i1", User: user, Language: language}, number: number})
	return id
}

// Result is what came of an alert; "" nothing yet.
func (f *Fake) Result(id string) alert.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweep()
	return f.row(id).result
}

// Withdraw ends an alert: somebody has accepted elsewhere.
func (f *Fake) Withdraw(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.row(id).result = "withdrawn"
}

func (f *Fake) now() time.Time {
	if f.Now != nil {
		return f.Now()
	}
	return time.Now()
}

// sweep ends the claims of who was not heard of.
func (f *Fake) sweep() {
	for _, r := range f.rows {
		if r.result != "" || r.owner == "" || f.now().Before(r.until) {
			continue
		}
		r.owner = ""
		if r.placed {
			r.result = alert.Failed
		}
	}
}

func (f *Fake) row(id string) *row {
	i := slices.IndexFunc(f.rows, func(r *row) bool { return r.ID == id })
	if i < 0 {
		return &row{}
	}
	return f.rows[i]
}

// held is the row of an alert that an owner has; nil: it has not.
func (f *Fake) held(id, owner string) *row {
	f.sweep()
	if r := f.row(id); r.owner == owner && r.result == "" {
		return r
	}
	return nil
}

// Claim implements [alert.Calls].
func (f *Fake) Claim(_ context.Context, owner string, lease time.Duration, most int) ([]alert.Call, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweep()
	var got []alert.Call
	for _, r := range f.rows {
		if r.owner == "" && r.result == "" && len(got) < most {
			r.owner, r.until = owner, f.now().Add(lease)
			got = append(got, r.Call)
		}
	}
	return got, nil
}

// Extend implements [alert.Calls].
func (f *Fake) Extend(_ context.Context, owner string, lease time.Duration, ids ...string) (lost []string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range ids {
		if r := f.held(id, owner); r != nil {
			r.until = f.now().Add(lease)
		} else {
			lost = append(lost, id)
		}
	}
	return lost, nil
}

// Release implements [alert.Calls].
func (f *Fake) Release(_ context.Context, id, owner string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.held(id, owner)
	if r == nil {
		return alert.ErrLost
	}
	r.owner = ""
	return nil
}

// Number implements [alert.Calls].
func (f *Fake) Number(_ context.Context, id, owner string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := f.held(id, owner); {
	case r == nil:
		return "", alert.ErrLost
	case r.number == "":
		return "", alert.ErrUncallable
	default:
		return r.number, nil
	}
}

// Placed implements [alert.Calls].
func (f *Fake) Placed(_ context.Context, id, owner string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.held(id, owner)
	if r == nil {
		return alert.ErrLost
	}
	r.placed = true
	return nil
}

// Done implements [alert.Calls].
func (f *Fake) Done(_ context.Context, id, owner string, result alert.Result) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweep()
	switch r := f.row(id); {
	case r.owner != owner || r.result != "" && r.result != result:
		return alert.ErrLost
	default:
		r.result = result
		return nil
	}
}
