package agentui

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
	ActionPersonSignIns  = "person.sign_ins" // looked at
	ActionPersonWork     = "person.work"
	ActionDoorOpen       = "door.open"
)

func (s *Server) listPeople(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Users.List(r.Context())
	var factors map[queue.AgentID]bool
	if err == nil {
		factors, err = s.deps.Factors.Everyone(r.Context())
	}
	var doors []users.Lock
	if err == nil {
		doors, err = s.locks.List(r.Context())
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.People{People: []protocol.Person{}}
	for _, u := range all {
		out.People = append(out.People, personOf(u, factors[u.ID], doors))
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func personOf(u users.User, factor bool, doors []users.Lock) protocol.Person {
	p := protocol.Person{
		User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Locale: u.Locale, Disabled: u.Disabled, Version: u.Version,
		CreatedAt: protocol.Millis(u.Created), MustChange: u.Change, SecondFactor: factor,
	}
	for _, d := range doors {
		if d.User == u.ID && d.Until.After(time.Now()) {
			p.LockedUntil = max(p.LockedUntil, protocol.Millis(d.Until))
		}
	}
	return p
}

// replyPerson answers with a person as they are now.
func (s *Server) replyPerson(w http.ResponseWriter, r *http.Request, u users.User, password string) {
	factor, err := s.deps.Factors.Enrolled(r.Context(), u.ID)
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	p := personOf(u, factor, nil)
	if password != "" {
		s.clerk.Reply(w, http.StatusOK, protocol.GivenPassword{Person: p, Password: password})
		return
	}
	s.clerk.Reply(w, http.StatusOK, p)
}

func (s *Server) addPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.NewPerson
	if !s.clerk.Read(w, r, &body) {
		return
	}
	u := users.User{Username: body.Username, Name: strings.TrimSpace(body.Name), Role: users.Role(body.Role), Locale: body.Locale}
	if err := u.Check(); err != nil || u.Locale != "zh-CN" && u.Locale != "en" {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadPerson, nil)
		return
	}
	if _, err := s.deps.Users.ByName(r.Context(), u.Username); err == nil {
		s.clerk.Fail(w, http.StatusConflict, protocol.NameTaken, nil)
		return
	}
	password := users.FirstPassword()
	err := s.safelyAudited(r, v, ActionPersonAdd, "", u.Username+" "+body.Role, func(ctx context.Context) (err error) {
		u, err = s.deps.Users.Admit(ctx, u, password, string(v.User.ID), strings.TrimSpace(body.Note))
		return err
	})
	if s.safely(w, r, err) {
		s.directory.learn(u)
		s.replyPerson(w, r, u, password)
	}
}

func (s *Server) savePerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SavePerson
	if !s.clerk.Read(w, r, &body) {
		return
	}
	to := users.Standing{Name: strings.TrimSpace(body.Name), Role: users.Role(body.Role), Locale: body.Locale, Disabled: body.Disabled}
	s.amend(w, r, v, ActionPersonSave, body.Note, func(ctx context.Context, id queue.AgentID) (users.User, error) {
		return s.deps.Users.Amend(ctx, id, body.Base, to, string(v.User.ID), body.Note, 0)
	})
}

func (s *Server) restorePerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RestorePerson
	if !s.clerk.Read(w, r, &body) {
		return
	}
	s.amend(w, r, v, ActionPersonRestore, body.Note, func(ctx context.Context, id queue.AgentID) (users.User, error) {
		return s.deps.Users.Restore(ctx, id, body.Base, body.Version, string(v.User.ID), body.Note)
	})
}

// amend changes a person. Another role, or none any more, ends the sign-ins: what a page shows must be what its person may see.
func (s *Server) amend(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, note string, change func(context.Context, queue.AgentID) (users.User, error)) {
	id, ok := s.clerk.PersonID(w, r)
	if !ok {
		return
	}
	before, err := s.deps.Users.ByID(r.Context(), id)
	if !s.safely(w, r, err) {
		return
	}
	var after users.User
	err = s.safelyAudited(r, v, action, "user:"+string(id), strings.TrimSpace(note), func(ctx context.Context) (err error) {
		if after, err = change(ctx, id); err != nil || after.Role == before.Role && !after.Disabled {
			return err
		}
		_, err = s.deps.Users.Sessions().Revoke(ctx, id, "", "")
		return err
	})
	if s.stalePerson(w, r, id, err) || !s.safely(w, r, err) {
		return
	}
	s.lookAgain(id)
	s.directory.learn(after)
	s.replyPerson(w, r, after, "")
}

func (s *Server) personHistory(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	id, ok := s.clerk.PersonID(w, r)
	if !ok {
		return
	}
	all, err := s.deps.Users.History(r.Context(), id)
	if err == nil && len(all) == 0 {
		err = users.ErrNotFound
	}
	if !s.safely(w, r, err) {
		return
	}
	out := protocol.PersonHistory{Versions: []protocol.PersonVersion{}}
	for _, h := range all {
		out.Versions = append(out.Versions, protocol.PersonVersion{
			Version: h.N, At: protocol.Millis(h.At), By: h.By, ByName: s.doer(h.By), Note: h.Note, Restored: h.Restored, Name: h.Name, Role: string(h.Role), Locale: h.Locale,
			Disabled: h.Disabled,
		})
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// act does something to the person whom the path names, audited; sign-ins end when they could be another's now.
func (s *Server) act(w http.ResponseWriter, r *http.Request, v *page.Visitor, action string, ends bool, do func(context.Context, queue.AgentID) error) (users.User, bool) {
	id, ok := s.clerk.PersonID(w, r)
	if !ok {
		return users.User{}, false
	}
	u, err := s.deps.Users.ByID(r.Context(), id)
	if err == nil {
		err = s.safelyAudited(r, v, action, "user:"+string(id), "", func(ctx context.Context) error {
			if err := do(ctx, id); err != nil || !ends {
				return err
			}
			_, err := s.deps.Users.Sessions().Revoke(ctx, id, "", "")
			return err
		})
	}
	if !s.safely(w, r, err) {
		return u, false
	}
	if u, err = s.deps.Users.ByID(r.Context(), id); !s.safely(w, r, err) {
		return u, false
	}
	s.lookAgain(id)
	return u, true
}

func (s *Server) givePassword(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	password := users.FirstPassword()
	if u, ok := s.act(w, r, v, ActionPersonPassword, true, func(ctx context.Context, id queue.AgentID) error {
		return s.deps.Users.GivePassword(ctx, id, password)
	}); ok {
		s.replyPerson(w, r, u, password)
	}
}

func (s *Server) resetFactor(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if u, ok := s.act(w, r, v, ActionPersonFactor, true, s.deps.Factors.Reset); ok {
		s.replyPerson(w, r, u, "")
	}
}

func (s *Server) unlockPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if u, ok := s.act(w, r, v, ActionPersonUnlock, false, s.locks.Unlock); ok {
		s.replyPerson(w, r, u, "")
	}
}

func (s *Server) unlinkPerson(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if u, ok := s.act(w, r, v, ActionPersonUnlink, true, s.deps.Users.Unlink); ok {
		s.replyPerson(w, r, u, "")
	}
}

func (s *Server) listSignIns(w http.ResponseWriter, r *http.Request, v *visitor) {
	var out protocol.SignIns
	if _, ok := s.act(w, r, &v.Visitor, ActionPersonSignIns, false, func(ctx context.Context, id queue.AgentID) (err error) {
		out.SignIns, err = s.signInsOf(ctx, id, v.signIn.ID)
		return err
	}); ok {
		s.clerk.Reply(w, http.StatusOK, out)
	}
}

func (s *Server) revokeSignIns(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.Revoke
	id, ok := s.clerk.PersonID(w, r)
	if !ok || !s.clerk.Read(w, r, &body) {
		return
	}
	s.revoke(w, r, v, id, body.ID, "")
}

func (s *Server) listDoors(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.locks.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.Doors{Doors: []protocol.Door{}}
	for _, d := range all {
		origin := d.Origin
		if strings.HasPrefix(origin, "device:") {
			origin = "device"
		}
		out.Doors = append(out.Doors, protocol.Door{
			User: string(d.User), Name: s.directory.name(d.User), Origin: origin, Failures: d.Failures, LastAt: protocol.Millis(d.Last), Locks: d.Locks, Until: protocol.Millis(d.Until),
		})
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func (s *Server) openDoor(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.OpenDoor
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if !strings.HasPrefix(body.Origin, "address:") || len(body.Origin) > 64 {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	if s.audited(w, r, v, ActionDoorOpen, body.Origin, "", func(ctx context.Context) error { return s.locks.UnlockAddress(ctx, body.Origin) }) {
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) listWork(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	all, err := s.deps.Users.List(r.Context())
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	out := protocol.Workers{People: []protocol.Worker{}}
	for _, u := range all {
		if u.Role.Serves() {
			out.People = append(out.People, workerOf(u))
		}
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

func workerOf(u users.User) protocol.Worker {
	skills := map[string]int{}
	maps.Copy(skills, u.Skills)
	return protocol.Worker{
		User: string(u.ID), Username: u.Username, Name: u.Name, Role: string(u.Role), Locale: u.Locale, Skills: skills, Group: u.Group, Disabled: u.Disabled,
	}
}

// saveWork says which calls a person gets, from the next sign-in at the queue on.
func (s *Server) saveWork(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveWork
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if u, ok := s.act(w, r, v, ActionPersonWork, false, func(ctx context.Context, id queue.AgentID) error {
		return s.deps.Users.SetWork(ctx, id, queue.Skills(body.Skills), body.Group, string(v.User.ID))
	}); ok {
		s.clerk.Reply(w, http.StatusOK, workerOf(u))
	}
}

// stalePerson answers that somebody else changed the person first; false when nobody did.
func (s *Server) stalePerson(w http.ResponseWriter, r *http.Request, id queue.AgentID, err error) bool {
	if !errors.Is(err, users.ErrStale) {
		return false
	}
	all, err := s.deps.Users.History(r.Context(), id)
	if err != nil || len(all) == 0 {
		s.clerk.Unavailable(w, r, err)
		return true
	}
	s.clerk.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": all[0].N, "at": protocol.Millis(all[0].At), "by_name": s.doer(all[0].By)})
	return true
}

func (s *Server) workHistory(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	id, ok := s.clerk.PersonID(w, r)
	if !ok {
		return
	}
	all, err := s.deps.Users.WorkHistory(r.Context(), id)
	if err == nil && len(all) == 0 {
		err = users.ErrNotFound
	}
	if !s.safely(w, r, err) {
		return
	}
	out := protocol.WorkHistory{Versions: []protocol.WorkVersion{}}
	for _, h := range all {
		skills := map[string]int{}
		maps.Copy(skills, h.Skills)
		out.Versions = append(out.Versions, protocol.WorkVersion{Version: h.N, At: protocol.Millis(h.At), By: h.By, ByName: s.doer(h.By), Skills: skills, Group: h.Group})
	}
	s.clerk.Reply(w, http.StatusOK, out)
}
