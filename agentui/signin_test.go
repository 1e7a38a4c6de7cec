package agentui

import (
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hotline/agentui/users"
)

// enrol gives a person a second factor and returns its secret.
func (s *site) enrol(u users.User) string {
	s.t.Helper()
	f := s.server.deps.Factors
	e, err := f.Begin(s.t.Context(), u)
	if err == nil {
		// A code of the step before, so that the present one is still unused.
		_, err = f.Confirm(s.t.Context(), u.ID, codeAt(s.t, e.Secret, time.Now().Add(-30*time.Second)))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return e.Secret
}

func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}
