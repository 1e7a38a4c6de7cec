// Package people is how who lets people in keeps their accounts, doors and telephones, and who leads says which calls they get.
package people

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strings"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// Actions on people.
const (
	ActionPersonAdd      = "person.add"
	ActionPersonSave     = "person.save"
	ActionPersonRestore  = "person.restore"
	ActionPersonPassword = "person.password" // given by another
	ActionPersonFactor   = "person.second_factor_reset"
	ActionPersonUnlock   = "person.unlock"
	ActionPersonUnlink   = "person.unlink"
	ActionPersonWork     = "person.work"
	ActionDoorOpen       = "door.open"
)

// Pages are those of people.
type Pages struct {
	*page.Clerk
	Users      *users.Store
	Factors    *users.Factors
	Locks      *users.Locks
	Telephones *users.Telephones
	LookAgain  func(id queue.AgentID) // has the pages of a person find out what became of their sign-ins
	Learn      func(u users.User)     // notes a name at once
	Person     func(id string) string // the name of a person
	Doer       func(by string) string // the name of who did something
}

// Endpoints are what can be asked of people.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/people", Access: page.Security, Serve: p.listPeople},
		{Pattern: "POST /api/people", Access: page.Security, Serve: p.addPerson, Fresh: true},
		{Pattern: "PUT /api/people/{id}", Access: page.Security, Serve: p.savePerson, Fresh: true},
		{Pattern: "GET /api/people/{id}/history", Access: page.Security, Serve: p.personHistory},
		{Pattern: "POST /api/people/{id}/restore", Access: page.Security, Serve: p.restorePerson, Fresh: true},
		{Pattern: "POST /api/people/{id}/password", Access: page.Security, Serve: p.givePassword, Fresh: true},
		{Pattern: "POST /api/people/{id}/factor/reset", Access: page.Security, Serve: p.resetFactor, Fresh: true},
		{Pattern: "POST /api/people/{id}/unlock", Access: page.Security, Serve: p.unlockPerson},
		{Pattern: "POST /api/people/{id}/unlink", Access: page.Security, Serve: p.unlinkPerson, Fresh: true},
		{Pattern: "GET /api/doors", Access: page.Security, Serve: p.listDoors},
		{Pattern: "POST /api/doors/open", Access: page.Security, Serve: p.openDoor},
		{Pattern: "GET /api/work", Access: page.Leading, Serve: p.listWork},
		{Pattern: "GET /api/people/{id}/work", Access: page.Leading, Serve: p.workHistory},
		{Pattern: "PUT /api/people/{id}/work", Access: page.Leading, Serve: p.saveWork},
		{Pattern: "GET /api/account/telephone", Access: page.SignedIn, Serve: p.showOwnTelephone},
		{Pattern: "POST /api/account/telephone", Access: page.SignedIn, Serve: p.setOwnTelephone, Fresh: true},
		{Pattern: "GET /api/people/{id}/telephone", Access: page.Security, Serve: p.showTelephone},
		{Pattern: "POST /api/people/{id}/telephone", Access: page.Security, Serve: p.setPersonTelephone, Fresh: true},
	}
}

// Refusals are what the accounts of people refuse.
func Refusals() []page.Refusal {
	return []page.Refusal{
		{Err: users.ErrNotFound, Status: http.StatusNotFound, Code: protocol.NotFound},
		{Err: users.ErrNoVersion, Status: http.StatusNotFound, Code: protocol.NotFound},
		{Err: users.ErrEnrolled, Status: http.StatusConflict, Code: protocol.AlreadyEnrolled},
		{Err: users.ErrNotEnrolled, Status: http.StatusConflict, Code: protocol.NotEnrolled},
		{Err: users.ErrWeakPassword, Status: http.StatusBadRequest, Code: protocol.WeakPassword},
		{Err: users.ErrTaken, Status: http.StatusConflict, Code: protocol.NameTaken},
		{Err: users.ErrOwnRole, Status: http.StatusForbidden, Code: protocol.OwnRole},
		{Err: users.ErrLastSecurity, Status: http.StatusConflict, Code: protocol.LastSecurity},
		{Err: users.ErrBadPerson, Status: http.StatusBadRequest, Code: protocol.BadPerson},
		{Err: users.ErrBadWork, Status: http.StatusBadRequest, Code: protocol.BadWork},
	}
}

func (p *Pages) answered(w http.ResponseWriter, r *http.Request, err error) bool {
	return p.Answered(w, r, err, Refusals()...)
}

func (p *Pages) listPeople(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Users.List(r.Context())
	var factors map[queue.AgentID]bool
	if err == nil {
		factors, err = p.Factors.Everyone(r.Context())
	}
	var doors []users.Lock
	if err == nil {
		doors, err = p.Locks.List(r.Context())
	}
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.People{People: []protocol.Person{}}
	for _, u := range all {
		out.People = append(out.People, personOf(u, factors[u.ID], doors))
	}
	p.Reply(w, http.StatusOK, out)
}

func personOf(u users.User, factor bool, doors []users.Lock) protocol.Person {
	out := protocol.Person{
		User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Locale: u.Locale, Disabled: u.Disabled, Version: u.Version,
		CreatedAt: protocol.Millis(u.Created), MustChange: u.Change, SecondFactor: factor,
	}
	for _, d := range doors {
		if d.User == u.ID && d.Until.After(time.Now()) {
			out.LockedUntil = max(out.LockedUntil, protocol.Millis(d.Until))
		}
	}
	return out
}

// replyPerson answers with a person as they are now.
func (p *Pages) replyPerson(w http.ResponseWriter, r *http.Request, u users.User, password string) {
	factor, err := p.Factors.Enrolled(r.Context(), u.ID)
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	one := personOf(u, factor, nil)
	if password != "" {
		p.Reply(w, http.StatusOK, protocol.GivenPassword{Person: one, Password: password})
		return
	}
	p.Reply(w, http.StatusOK, one)
}

func (p *Pages) addPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.NewPerson
	if !p.Read(w, r, &body) {
		return
	}
	u := users.User{Username: body.Username, Name: strings.TrimSpace(body.Name), Role: users.Role(body.Role), Locale: body.Locale}
	if err := u.Check(); err != nil || u.Locale != "zh-CN" && u.Locale != "en" {
		p.Fail(w, http.StatusBadRequest, protocol.BadPerson, nil)
		return
	}
	if _, err := p.Users.ByName(r.Context(), u.Username); err == nil {
		p.Fail(w, http.StatusConflict, protocol.NameTaken, nil)
		return
	}
	password := users.FirstPassword()
	err := p.Audited(r, v, ActionPersonAdd, "", u.Username+" "+body.Role, func(ctx context.Context) (err error) {
		u, err = p.Users.Admit(ctx, u, password, string(v.User.ID), strings.TrimSpace(body.Note))
		return err
	})
	if p.answered(w, r, err) {
		p.Learn(u)
		p.replyPerson(w, r, u, password)
	}
}

func (p *Pages) savePerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SavePerson
	if !p.Read(w, r, &body) {
		return
	}
	to := users.Standing{Name: strings.TrimSpace(body.Name), Role: users.Role(body.Role), Locale: body.Locale, Disabled: body.Disabled}
	p.amend(w, r, v, ActionPersonSave, body.Note, func(ctx context.Context, id queue.AgentID) (users.User, error) {
		return p.Users.Amend(ctx, id, body.Base, to, string(v.User.ID), body.Note, 0)
	})
}

func (p *Pages) restorePerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RestorePerson
	if !p.Read(w, r, &body) {
		return
	}
	p.amend(w, r, v, ActionPersonRestore, body.Note, func(ctx context.Context, id queue.AgentID) (users.User, error) {
		return p.Users.Restore(ctx, id, body.Base, body.Version, string(v.User.ID), body.Note)
	})
}

// amend changes a person. Another role, or none any more, ends the sign-ins: what a page shows must be what its person may see.
func (p *Pages) amend(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, note string, change func(context.Context, queue.AgentID) (users.User, error)) {
	id, ok := p.PersonID(w, r)
	if !ok {
		return
	}
	before, err := p.Users.ByID(r.Context(), id)
	if !p.answered(w, r, err) {
		return
	}
	var after users.User
	err = p.Audited(r, v, action, "user:"+string(id), strings.TrimSpace(note), func(ctx context.Context) (err error) {
		if after, err = change(ctx, id); err != nil || after.Role == before.Role && !after.Disabled {
			return err
		}
		_, err = p.Users.Sessions().Revoke(ctx, id, "", "")
		return err
	})
	if p.stalePerson(w, r, id, err) || !p.answered(w, r, err) {
		return
	}
	p.LookAgain(id)
	p.Learn(after)
	p.replyPerson(w, r, after, "")
}

func (p *Pages) personHistory(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	id, ok := p.PersonID(w, r)
	if !ok {
		return
	}
	all, err := p.Users.History(r.Context(), id)
	if err == nil && len(all) == 0 {
		err = users.ErrNotFound
	}
	if !p.answered(w, r, err) {
		return
	}
	out := protocol.PersonHistory{Versions: []protocol.PersonVersion{}}
	for _, h := range all {
		out.Versions = append(out.Versions, protocol.PersonVersion{
			Version: h.N, At: protocol.Millis(h.At), By: h.By, ByName: p.Doer(h.By), Note: h.Note, Restored: h.Restored, Name: h.Name, Role: string(h.Role), Locale: h.Locale,
			Disabled: h.Disabled,
		})
	}
	p.Reply(w, http.StatusOK, out)
}

// act does something to the person whom the path names, audited; sign-ins end when they could be another's now.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, ends bool, do func(context.Context, queue.AgentID) error) (users.User, bool) {
	id, ok := p.PersonID(w, r)
	if !ok {
		return users.User{}, false
	}
	u, err := p.Users.ByID(r.Context(), id)
	if err == nil {
		err = p.Audited(r, v, action, "user:"+string(id), "", func(ctx context.Context) error {
			if err := do(ctx, id); err != nil || !ends {
				return err
			}
			_, err := p.Users.Sessions().Revoke(ctx, id, "", "")
			return err
		})
	}
	if !p.answered(w, r, err) {
		return u, false
	}
	if u, err = p.Users.ByID(r.Context(), id); !p.answered(w, r, err) {
		return u, false
	}
	p.LookAgain(id)
	return u, true
}

func (p *Pages) givePassword(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	password := users.FirstPassword()
	if u, ok := p.act(w, r, v, ActionPersonPassword, true, func(ctx context.Context, id queue.AgentID) error {
		return p.Users.GivePassword(ctx, id, password)
	}); ok {
		p.replyPerson(w, r, u, password)
	}
}

func (p *Pages) resetFactor(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if u, ok := p.act(w, r, v, ActionPersonFactor, true, p.Factors.Reset); ok {
		p.replyPerson(w, r, u, "")
	}
}

func (p *Pages) unlockPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if u, ok := p.act(w, r, v, ActionPersonUnlock, false, p.Locks.Unlock); ok {
		p.replyPerson(w, r, u, "")
	}
}

func (p *Pages) unlinkPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if u, ok := p.act(w, r, v, ActionPersonUnlink, true, p.Users.Unlink); ok {
		p.replyPerson(w, r, u, "")
	}
}

func (p *Pages) listDoors(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Locks.List(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.Doors{Doors: []protocol.Door{}}
	for _, d := range all {
		origin := d.Origin
		if strings.HasPrefix(origin, "device:") {
			origin = "device"
		}
		out.Doors = append(out.Doors, protocol.Door{
			User: string(d.User), Name: p.Person(string(d.User)), Origin: origin, Failures: d.Failures, LastAt: protocol.Millis(d.Last), Locks: d.Locks, Until: protocol.Millis(d.Until),
		})
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) openDoor(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.OpenDoor
	if !p.Read(w, r, &body) {
		return
	}
	if !strings.HasPrefix(body.Origin, "address:") || len(body.Origin) > 64 {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if p.Answered(w, r, p.Audited(r, v, ActionDoorOpen, body.Origin, "", func(ctx context.Context) error { return p.Locks.UnlockAddress(ctx, body.Origin) })) {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (p *Pages) listWork(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := p.Users.List(r.Context())
	if err != nil {
		p.Unavailable(w, r, err)
		return
	}
	out := protocol.Workers{People: []protocol.Worker{}}
	for _, u := range all {
		if u.Role.Serves() {
			out.People = append(out.People, workerOf(u))
		}
	}
	p.Reply(w, http.StatusOK, out)
}

func workerOf(u users.User) protocol.Worker {
	skills := map[string]int{}
	maps.Copy(skills, u.Skills)
	return protocol.Worker{
		User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Locale: u.Locale, Skills: skills, Group: u.Group, Disabled: u.Disabled,
	}
}

// saveWork says which calls a person gets, from the next sign-in at the queue on.
func (p *Pages) saveWork(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveWork
	if !p.Read(w, r, &body) {
		return
	}
	if u, ok := p.act(w, r, v, ActionPersonWork, false, func(ctx context.Context, id queue.AgentID) error {
		return p.Users.SetWork(ctx, id, queue.Skills(body.Skills), body.Group, string(v.User.ID))
	}); ok {
		p.Reply(w, http.StatusOK, workerOf(u))
	}
}

// stalePerson answers that somebody else changed the person first; false when nobody did.
func (p *Pages) stalePerson(w http.ResponseWriter, r *http.Request, id queue.AgentID, err error) bool {
	if !errors.Is(err, users.ErrStale) {
		return false
	}
	all, err := p.Users.History(r.Context(), id)
	if err != nil || len(all) == 0 {
		p.Unavailable(w, r, err)
		return true
	}
	p.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": all[0].N, "at": protocol.Millis(all[0].At), "by_name": p.Doer(all[0].By)})
	return true
}

func (p *Pages) workHistory(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	id, ok := p.PersonID(w, r)
	if !ok {
		return
	}
	all, err := p.Users.WorkHistory(r.Context(), id)
	if err == nil && len(all) == 0 {
		err = users.ErrNotFound
	}
	if !p.answered(w, r, err) {
		return
	}
	out := protocol.WorkHistory{Versions: []protocol.WorkVersion{}}
	for _, h := range all {
		skills := map[string]int{}
		maps.Copy(skills, h.Skills)
		out.Versions = append(out.Versions, protocol.WorkVersion{Version: h.N, At: protocol.Millis(h.At), By: h.By, ByName: p.Doer(h.By), Skills: skills, Group: h.Group})
	}
	p.Reply(w, http.StatusOK, out)
}
