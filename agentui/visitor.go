package agentui

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

const (
	cookieName  = "hotline_session"
	fieldUser   = "user"
	fieldGrants = "grants" // the key that signs this sign-in's access to recordings; made once, so concurrent requests cannot lose it
)

// visitor is who sent a request.
type visitor struct {
	page.Visitor
	token  string // opens the sign-in; Key is a hash of it
	signIn users.SignIn
	next   protocol.Next // what must come before anything else
}

func (s *Server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Store = s.deps.Users.Sessions()
	m.IdleTimeout, m.Lifetime = s.cfg.SessionIdle, s.cfg.SessionLife
	m.Cookie.Name, m.Cookie.HttpOnly, m.Cookie.SameSite = cookieName, true, http.SameSiteStrictMode
	m.Cookie.Secure, m.Cookie.Persist = s.cfg.secure(), false
	return m
}

// errSignedOut says that a request comes from nobody we know.
var errSignedOut = errors.New("signed out")

// visitor finds who sent the request and counts it as use of the sign-in. It does not write the session back, as the library's own middleware
// would: that would let a request that overlaps a log-out bring the session back to life.
func (s *Server) visitor(r *http.Request) (*visitor, error) {
	cookie, err := r.Cookie(cookieName)
	if err != nil || cookie.Value == "" {
		return nil, errSignedOut
	}
	v := &visitor{Visitor: page.Visitor{Key: sessionKey(cookie.Value)}, token: cookie.Value}
	on, err := s.renewVisitor(r.Context(), v)
	if err != nil {
		return nil, err
	}
	if !on {
		return nil, errSignedOut
	}
	return v, nil
}

// renewVisitor reads the sign-in again and moves its end. False: it is over, or the person may no longer sign in.
func (s *Server) renewVisitor(ctx context.Context, v *visitor) (bool, error) {
	sess, err := s.sessions.Load(ctx, v.token)
	if err != nil {
		return false, fmt.Errorf("load session: %w", err)
	}
	id := s.sessions.GetString(sess, fieldUser)
	if id == "" {
		return false, nil
	}
	if v.signIn, err = s.deps.Users.Sessions().SignIn(ctx, v.token); errors.Is(err, users.ErrNotFound) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	u, err := s.deps.Users.ByID(ctx, queue.AgentID(id))
	if errors.Is(err, users.ErrNotFound) || err == nil && u.Disabled {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	v.User, v.Grants = u, s.sessions.GetBytes(sess, fieldGrants)
	now := time.Now()
	if v.next, err = s.nextOf(ctx, v, now); err != nil {
		return false, err
	}
	if unfinished(v.next) && now.Sub(v.signIn.Since) > finishWithin {
		return false, nil
	}
	end := s.sessions.Deadline(sess)
	// Nobody is signed out within a call, nor before what they wrote of it is kept; a page that is opened anew in it finds its way back.
	lasts := end.Before(now.Add(overtime)) && s.atWork(u.ID)
	if !lasts && now.After(end) {
		return false, nil // it was over, and the call that kept it is
	}
	if !lasts && now.Sub(v.signIn.Used) < min(usedEvery, s.cfg.SessionIdle/8) {
		return true, nil
	}
	until := now.Add(s.cfg.SessionIdle)
	switch {
	case lasts:
		until = now.Add(overtime)
	case end.Before(until):
		until = end
	}
	if err := s.deps.Users.Sessions().Extend(ctx, v.token, until); err != nil {
		return false, err
	}
	return true, nil
}

// startVisit begins a sign-in and gives the browser its cookie. A token that the browser brought is never used on. The answer is the new visitor,
// who may have more to prove.
func (s *Server) startVisit(w http.ResponseWriter, r *http.Request, u users.User, factor time.Time, byProvider bool) (*visitor, error) {
	ctx, err := s.sessions.Load(r.Context(), "")
	if err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	s.sessions.Put(ctx, fieldUser, string(u.ID))
	s.sessions.Put(ctx, fieldGrants, key)
	token, expiry, err := s.sessions.Commit(ctx)
	if err != nil {
		return nil, fmt.Errorf("new session: %w", err)
	}
	in := users.SignIn{User: u.ID, Factor: factor, ByProvider: byProvider, Remote: s.cfg.TrustedProxies.Remote(r).String(), Browser: r.UserAgent()}
	if err := s.deps.Users.Sessions().Begin(r.Context(), token, in); err != nil {
		return nil, err
	}
	v := &visitor{Visitor: page.Visitor{Key: sessionKey(token)}, token: token}
	if on, err := s.renewVisitor(r.Context(), v); err != nil || !on {
		return nil, errors.Join(err, errSignedOut)
	}
	s.sessions.WriteSessionCookie(ctx, w, token, expiry)
	return v, nil
}

// stopVisit ends a sign-in.
func (s *Server) stopVisit(w http.ResponseWriter, r *http.Request, v *visitor) error {
	if err := s.deps.Users.Sessions().DeleteCtx(r.Context(), v.token); err != nil {
		return err
	}
	s.sessions.WriteSessionCookie(r.Context(), w, "", time.Time{})
	return nil
}

// endVisit takes the person from the desk, when that sign-in sits at it. InCall: not within a call.
func (s *Server) endVisit(ctx context.Context, id queue.AgentID, key string) protocol.Code {
	d := s.findDesk(id)
	if d == nil {
		return ""
	}
	m := leaving{key: key, answer: make(chan protocol.Code, 1)}
	if !d.post(ctx, m) {
		return ""
	}
	select {
	case code := <-m.answer:
		return code
	case <-d.done:
		return ""
	case <-ctx.Done():
		return protocol.Unavailable
	}
}

// expireSessions clears away sign-ins that are over.
func (s *Server) expireSessions(ctx context.Context) {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		if err := errors.Join(s.deps.Users.Sessions().Expire(ctx), s.locks.Expire(ctx)); err != nil && ctx.Err() == nil {
			s.log.Warn("old sessions were not cleared away", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func sessionKey(token string) string {
	sum := sha256.Sum256([]byte("tab " + token))
	return hex.EncodeToString(sum[:16])
}
