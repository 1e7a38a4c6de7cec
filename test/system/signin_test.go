package system_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"hotline/test/browser"
)

// TestSigningIn: a second factor from the picture to the next sign-in, and a lock that a call takes away and its end brings back.
func TestSigningIn(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	user, err := s.User("supervisor", 0)
	must(t, err)
	t.Cleanup(func() {
		// By the engineer's way in; the other tests sign in without a code.
		if _, err := s.Command(context.Background(), "users", "reset-second-factor", user.Name); err != nil {
			t.Error(err)
		}
	})
	d := s.signIn("supervisor", 0, toneSupervisor)
	must(t, d.Click("user-menu"), d.Click("menu-account"), d.AwaitShown(5*time.Second, "factor-add"))
	g.show(d.Page, "safety-1-account", "factor-add")
	must(t, d.Click("factor-add"), d.AwaitShown(5*time.Second, "enrol-secret"))
	g.show(d.Page, "safety-2-enrol", "enrol-secret")
	secret, err := d.Text("enrol-secret")
	must(t, err)
	secret = strings.ReplaceAll(secret, " ", "")
	code := func(at time.Time) string {
		c, err := totp.GenerateCode(secret, at)
		must(t, err)
		return c
	}
	must(t, d.Type("enrol-code", code(time.Now())), d.Click("enrol-code-confirm"), d.AwaitShown(5*time.Second, "recovery-codes"))
	g.show(d.Page, "safety-3-recovery", "recovery-done")
	must(t, d.Click("recovery-kept"), d.Click("recovery-done"), d.AwaitShown(5*time.Second, "factor-remove"))
	must(t, d.Click("user-menu"), d.Click("menu-logout"), d.AwaitShown(5*time.Second, "login-submit"))
	must(t, d.Type("login-username", user.Name), d.Type("login-password", user.Password), d.Click("login-submit"), d.AwaitShown(5*time.Second, "login-code"))
	g.show(d.Page, "safety-4-code", "login-code-confirm")
	must(t, d.Type("login-code", "000000"), d.Click("login-code-confirm"), d.Await(5*time.Second, `document.querySelector('[role=alert]') !== null`))
	// That of the next half minute, which is as good: this one's may be used up, and the last one's is over when half a minute ends just now.
	must(t, d.Type("login-code", code(time.Now().Add(30*time.Second))), d.Click("login-code-confirm"), d.AwaitShown(5*time.Second, "user-menu"))

	// Whoever is available stays so behind the lock; the offer shows itself, is answered at once, and afterwards the lock is back.
	a := s.ready(0)
	must(t, a.Click("user-menu"), a.Click("menu-lock"), a.AwaitShown(5*time.Second, "lock-cover"), a.AwaitGone(2*time.Second, "user-menu"))
	for _, size := range [][2]int64{{1440, 900}, {1280, 720}} {
		g.picture(a.Page, "safety-5-lock", size, []string{"unlock-submit"})
	}
	c := s.dial("12355")
	must(t, a.AwaitOffer(10*time.Second), a.AwaitGone(2*time.Second, "lock-cover"), a.Accept())
	c.awaitTone(3*time.Second, toneFirst)
	must(t, a.Click("call-hangup"))
	c.awaitEnd(2 * time.Second)
	agent, err := s.User("agent", 0)
	must(t, err)
	must(t, a.AwaitShown(5*time.Second, "lock-cover"), a.Type("unlock-secret", agent.Password), a.Click("unlock-submit"), a.AwaitGone(5*time.Second, "lock-cover"),
		a.AwaitState(3*time.Second, browser.WrapUp))
}

// TestWhoLetsPeopleIn: the security administrator makes a person, who must choose a password; the auditor sees who did it.
func TestWhoLetsPeopleIn(t *testing.T) {
	s := play(t)
	g := gallery{t: t, dir: os.Getenv("HOTLINE_SCREENS")}
	boss := s.signIn("security", 0, toneSupervisor)
	must(t, boss.AwaitShown(5*time.Second, "people"))
	g.show(boss.Page, "safety-6-people", "person-add")
	name := "night" + time.Now().Format("150405.000")
	must(t, boss.Click("person-add"), boss.Type("person-username", name), boss.Type("person-name", "夜班一"))
	g.show(boss.Page, "safety-7-person-form", "person-save")
	must(t, boss.Click("person-save"), boss.AwaitShown(5*time.Second, "given-password"))
	password, err := browser.Eval[string](boss.Page, `document.querySelector('[data-testid="given-password"] .secret').textContent.trim()`)
	must(t, err)
	g.show(boss.Page, "safety-8-person", "given-done", "person-change")
	must(t, boss.Click("given-done"))

	page, err := theHouse.browser(t, toneFirst).Open(s.Demo.Console)
	must(t, err)
	defer page.Close()
	must(t, page.Type("login-username", name), page.Type("login-password", password), page.Click("login-submit"), page.AwaitShown(5*time.Second, "next-password"))
	g.show(page, "safety-9-first-password", "password-submit")
	must(t, page.Type("password-current", password), page.Type("password-next", "my own password"), page.Type("password-again", "my own password"), page.Click("password-submit"))
	must(t, page.AwaitShown(5*time.Second, "user-menu"))

	reader := s.signIn("auditor", 0, toneSupervisor)
	must(t, reader.AwaitShown(5*time.Second, "audit"), reader.Await(5*time.Second, `document.querySelector('[data-testid="audit-row"][data-action="person.add"]') !== null`))
	g.show(reader.Page, "safety-10-audit", "audit-search", "audit-export")

	keeper := s.signIn("administrator", 0, toneSupervisor)
	must(t, keeper.Turn("work"), keeper.AwaitShown(5*time.Second, "work"), keeper.Await(5*time.Second, `document.querySelector('[data-testid="worker"]') !== null`))
	g.show(keeper.Page, "safety-11-work", "work")
}
