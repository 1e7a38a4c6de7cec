package browser

import (
	"fmt"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// Keys of the console, for Press.
const (
	KeyReady  = kb.F8
	KeyAccept = kb.F2
	KeyMute   = "m"
	KeyHangup = kb.F9 // twice
	KeyDone   = kb.F8
)

// States of an agent as the console shows them.
const (
	Available = "Available"
	Reserved  = "Reserved"
	Talking   = "Talking"
	WrapUp    = "WrapUp"
	NotReady  = "NotReady"
)

// Desk is the console in a tab, used through its stable hooks.
type Desk struct{ *Page }

// SignIn opens the console with a cookie jar of its own and logs in by hand, as a person does.
func (b *Browser) SignIn(url, username, password string) (*Desk, error) {
	p, err := b.Open(url)
	if err != nil {
		return nil, err
	}
	d := &Desk{p}
	if err := d.logIn(username, password); err != nil {
		p.Close()
		return nil, err
	}
	return d, nil
}

func (d *Desk) logIn(username, password string) error {
	if err := d.Type("login-username", username); err != nil {
		return err
	}
	if err := d.Type("login-password", password); err != nil {
		return err
	}
	if err := d.Click("login-submit"); err != nil {
		return err
	}
	return d.AwaitGone(patience, "login-submit")
}

// AwaitState waits until the console shows the state by its code.
func (d *Desk) AwaitState(within time.Duration, state string) error {
	if err := d.AwaitAttribute(within, "agent-state", "data-state", state); err != nil {
		shown, _ := d.Attribute("agent-state", "data-state")
		text, _ := d.Text("agent-state")
		media, _ := d.Attribute("line-state", "data-media")
		return fmt.Errorf("state is %q (%s, media %q), not %s within %v; the page says: %q", shown, text, media, state, within, d.Complaints())
	}
	return nil
}

// Settled waits until the console knows who is at the desk: the button for Available is there, to be pressed or pressed already.
func (d *Desk) Settled() error {
	err := d.Await(patience, `!document.querySelector('[data-testid="set-available"]').disabled ||
		document.querySelector('[data-testid="agent-state"]').dataset.state === "`+Available+`"`)
	if err != nil {
		shown, _ := Eval[string](d.Page, `document.body.innerText`)
		return fmt.Errorf("%w; the page shows %q and says %q", err, shown, d.Complaints())
	}
	return nil
}

// Ready presses Available and waits until the desk is. One that came back soon enough is so already.
func (d *Desk) Ready() error {
	if err := d.Settled(); err != nil {
		return err
	}
	state, err := d.Attribute("agent-state", "data-state")
	if err != nil {
		return err
	}
	if state != Available {
		if err := d.Click("set-available"); err != nil {
			return err
		}
	}
	return d.AwaitState(patience, Available)
}

// NotReady makes the desk unavailable, for the first reason that the console offers.
func (d *Desk) NotReady() error {
	if err := d.Settled(); err != nil {
		return err
	}
	state, err := d.Attribute("agent-state", "data-state")
	if err != nil || state == NotReady {
		return err
	}
	if err := d.Click("set-not-ready"); err != nil {
		return err
	}
	return d.AwaitState(patience, NotReady)
}

// AwaitOffer waits until the console rings.
func (d *Desk) AwaitOffer(within time.Duration) error { return d.AwaitShown(within, "offer") }

// Accept takes the offer by a click and waits until the console shows the talk.
func (d *Desk) Accept() error {
	if err := d.Click("offer-accept"); err != nil {
		return err
	}
	return d.AwaitAttribute(patience, "call", "data-state", "talking")
}

// Deny says in the wrap-up that suicide was asked about and denied, and waits until that is kept.
func (d *Desk) Deny() error {
	if err := d.AwaitShown(patience, "form-suicide-denied"); err != nil {
		return err
	}
	if err := d.Click("form-suicide-denied"); err != nil {
		return err
	}
	return d.AwaitAttribute(patience, "disposition", "data-asked", "denied")
}

// Done is done with a wrap-up, as a counsellor is, and waits until it is over: no call is closed before it is said whether suicide was asked about.
func (d *Desk) Done() error {
	if err := d.Deny(); err != nil {
		return err
	}
	if err := d.Click("wrapup-done"); err != nil {
		return err
	}
	return d.Await(patience, `document.querySelector('[data-testid="agent-state"]').dataset.state !== "`+WrapUp+`"`)
}
