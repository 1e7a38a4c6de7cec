package agentui

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/mileusna/useragent"

	"hotline/agentui/page"
	"hotline/agentui/people"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// Actions on one's own sign-in.
const (
	ActionFactorEnrol    = "second_factor.enrol"
	ActionFactorRemove   = "second_factor.remove"
	ActionFactorCodes    = "second_factor.codes" // new recovery codes
	ActionPasswordChange = "password.change"
	ActionSignInRevoke   = "sign_in.revoke"
	ActionLock           = "sign_in.lock"
	ActionUnlock         = "sign_in.unlock"
	ActionPersonSignIns  = "person.sign_ins" // those of another were looked at
)

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, v *visitor) {
	on, err := s.deps.Factors.Enrolled(r.Context(), v.User.ID)
	out := protocol.Account{SecondFactor: on, Required: s.factorRequired(v.User.Role)}
	if err == nil {
		out.CodesLeft, err = s.deps.Factors.Left(r.Context(), v.User.ID)
	}
	if err == nil {
		out.SignIns, err = s.signInsOf(r.Context(), v.User.ID, v.signIn.ID)
	}
	if err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, out)
}

// signInsOf is a person's list; current is the one that asks.
func (s *Server) signInsOf(ctx context.Context, id queue.AgentID, current string) ([]protocol.SignIn, error) {
	all, err := s.deps.Users.Sessions().Of(ctx, id)
	out := make([]protocol.SignIn, 0, len(all))
	for _, in := range all {
		a := useragent.Parse(in.Browser)
		major, _, _ := strings.Cut(a.Version, ".")
		out = append(out, protocol.SignIn{
			ID: in.ID, Since: protocol.Millis(in.Since), UsedAt: protocol.Millis(in.Used), Remote: in.Remote, Browser: strings.TrimSpace(a.Name + " " + major), System: a.OS,
			Current: in.ID == current, Locked: !in.Locked.IsZero() || time.Since(in.Input) > s.cfg.IdleLock,
		})
	}
	return out, err
}

func (s *Server) beginFactor(w http.ResponseWriter, r *http.Request, v *visitor) {
	e, err := s.deps.Factors.Begin(r.Context(), v.User)
	if !s.safely(w, r, err) {
		return
	}
	s.clerk.Reply(w, http.StatusOK, protocol.Enrolment{Secret: e.Secret, URL: e.URL, QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(e.PNG)})
}

func (s *Server) confirmFactor(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.Code6
	if !s.clerk.Read(w, r, &body) {
		return
	}
	var codes []string
	k := s.knockOf(r, v)
	if !s.knock(w, r, &k, func() (err error) {
		codes, err = s.deps.Factors.Confirm(r.Context(), v.User.ID, body.Code)
		if errors.Is(err, users.ErrEnrolled) || errors.Is(err, users.ErrNotEnrolled) {
			return users.ErrBadCode // begun in another window, or too long ago: a code of this picture is none
		}
		return err
	}) {
		return
	}
	if !s.audited(w, r, &v.Visitor, ActionFactorEnrol, "user:"+string(v.User.ID), "", func(ctx context.Context) error {
		if err := s.deps.Users.Sessions().Proved(ctx, v.token); err != nil {
			return err
		}
		if _, err := s.renewVisitor(ctx, v); err != nil {
			return err
		}
		return s.arrived(w, r, k, v)
	}) {
		return
	}
	s.clerk.Reply(w, http.StatusOK, protocol.RecoveryCodes{Codes: codes})
}

// removeFactor lets a person change telephones: where a second factor is required, the next one is asked for at once.
func (s *Server) removeFactor(w http.ResponseWriter, r *http.Request, v *visitor) {
	if _, ok := s.takeCode(w, r, v); !ok {
		return
	}
	if s.audited(w, r, &v.Visitor, ActionFactorRemove, "user:"+string(v.User.ID), "", func(ctx context.Context) error {
		if err := s.deps.Factors.Reset(ctx, v.User.ID); err != nil {
			return err
		}
		if err := s.deps.Users.Sessions().Forget(ctx, v.User.ID); err != nil {
			return err
		}
		s.lookAgain(v.User.ID)
		_, err := s.renewVisitor(ctx, v)
		return err
	}) {
		s.clerk.Reply(w, http.StatusOK, meOf(v))
	}
}

func (s *Server) renewCodes(w http.ResponseWriter, r *http.Request, v *visitor) {
	var codes []string
	err := s.clerk.Audited(r, &v.Visitor, ActionFactorCodes, "user:"+string(v.User.ID), "", func(ctx context.Context) (err error) {
		codes, err = s.deps.Factors.Renew(ctx, v.User.ID)
		return err
	})
	if s.safely(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, protocol.RecoveryCodes{Codes: codes})
	}
}

// prove takes a fresh code before something that must not be done by who sits down at an open console.
func (s *Server) prove(w http.ResponseWriter, r *http.Request, v *visitor) {
	k, ok := s.takeCode(w, r, v)
	if !ok {
		return
	}
	if err := s.locks.Succeeded(r.Context(), k, ""); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	s.clerk.Reply(w, http.StatusOK, meOf(v))
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.PasswordChange
	if !s.clerk.Read(w, r, &body) {
		return
	}
	if body.Current == body.Password || len(body.Password) < 8 || len(body.Password) > 200 {
		s.clerk.Fail(w, http.StatusBadRequest, protocol.WeakPassword, nil)
		return
	}
	k := s.knockOf(r, v)
	if !s.knock(w, r, &k, func() error { return s.deps.Users.Check(r.Context(), v.User.ID, body.Current) }) {
		return
	}
	err := s.clerk.Audited(r, &v.Visitor, ActionPasswordChange, "user:"+string(v.User.ID), "", func(ctx context.Context) error {
		if err := s.deps.Users.SetPassword(ctx, v.User.ID, body.Password); err != nil {
			return err
		}
		// Whoever knew the old one is out.
		if _, err := s.deps.Users.Sessions().Revoke(ctx, v.User.ID, "", v.token); err != nil {
			return err
		}
		s.lookAgain(v.User.ID)
		if _, err := s.renewVisitor(ctx, v); err != nil {
			return err
		}
		return s.arrived(w, r, k, v)
	})
	if s.safely(w, r, err) {
		s.clerk.Reply(w, http.StatusOK, meOf(v))
	}
}

func (s *Server) revokeOwn(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.Revoke
	if !s.clerk.Read(w, r, &body) {
		return
	}
	but := ""
	if body.ID == "" {
		but = v.token
	}
	s.revoke(w, r, &v.Visitor, v.User.ID, body.ID, but)
}

// revoke ends sign-ins and answers. Websockets close at once, but for who talks: that one ends with the call.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request, v *page.Visitor, id queue.AgentID, signIn, but string) {
	out := protocol.Revoked{InCall: s.busy(id)}
	err := s.clerk.Audited(r, v, ActionSignInRevoke, "user:"+string(id), signIn, func(ctx context.Context) (err error) {
		out.Ended, err = s.deps.Users.Sessions().Revoke(ctx, id, signIn, but)
		return err
	})
	if !s.safely(w, r, err) {
		return
	}
	s.lookAgain(id)
	s.clerk.Reply(w, http.StatusOK, out)
}

// active notes that somebody is at the console.
func (s *Server) active(w http.ResponseWriter, r *http.Request, v *visitor) {
	if err := s.deps.Users.Sessions().Active(r.Context(), v.token); err != nil {
		s.clerk.Unavailable(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// lock covers the console, by the person's wish or because nobody touched it. Not within a call.
func (s *Server) lock(w http.ResponseWriter, r *http.Request, v *visitor) {
	if s.busy(v.User.ID) {
		s.clerk.Fail(w, http.StatusConflict, protocol.InCall, nil)
		return
	}
	if s.audited(w, r, &v.Visitor, ActionLock, "", "", func(ctx context.Context) error { return s.deps.Users.Sessions().Lock(ctx, v.token) }) {
		s.lookAgain(v.User.ID)
		w.WriteHeader(http.StatusNoContent)
	}
}

// unlock uncovers it for the same person: by the password, or by a code where a provider vouched and no password is known.
func (s *Server) unlock(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.Unlock
	if !s.clerk.Read(w, r, &body) {
		return
	}
	k := s.knockOf(r, v)
	if body.Code != "" {
		if !s.proveCode(w, r, v, &k, body.Code) {
			return
		}
	} else if !s.knock(w, r, &k, func() error { return s.deps.Users.Check(r.Context(), v.User.ID, body.Password) }) {
		return
	}
	if s.audited(w, r, &v.Visitor, ActionUnlock, "", "", func(ctx context.Context) error {
		if err := s.deps.Users.Sessions().Unlock(ctx, v.token); err != nil {
			return err
		}
		return s.locks.Succeeded(ctx, k, "")
	}) {
		s.lookAgain(v.User.ID)
		w.WriteHeader(http.StatusNoContent)
	}
}

// lookAgain lets the websockets of a person find out at once what became of their sign-ins. Those at other consoles do within Config.SessionLook.
func (s *Server) lookAgain(id queue.AgentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.tabs {
		if t.user.ID == id {
			select {
			case t.look <- struct{}{}:
			default: // it looks already
			}
		}
	}
}

// safely says what went wrong with people and sign-ins; true when nothing did.
func (s *Server) safely(w http.ResponseWriter, r *http.Request, err error) bool {
	return s.clerk.Answered(w, r, err, people.Refusals()...)
}

// listSignIns tells who lets people in where somebody is signed in.
func (s *Server) listSignIns(w http.ResponseWriter, r *http.Request, v *visitor) {
	id, ok := s.clerk.PersonID(w, r)
	if !ok {
		return
	}
	var out protocol.SignIns
	_, err := s.deps.Users.ByID(r.Context(), id)
	if err == nil {
		err = s.clerk.Audited(r, &v.Visitor, ActionPersonSignIns, "user:"+string(id), "", func(ctx context.Context) (err error) {
			out.SignIns, err = s.signInsOf(ctx, id, v.signIn.ID)
			return err
		})
	}
	if s.safely(w, r, err) {
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
