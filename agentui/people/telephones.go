package people

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/queue"
)

// ActionTelephone is a change of where a person is called when nobody has seen an alarm. The number is not in the audit trail.
const ActionTelephone = "person.telephone"

func (p *Pages) showOwnTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.replyTelephone(w, r, v.User.ID)
}

func (p *Pages) setOwnTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.setTelephone(w, r, v, v.User.ID)
}

func (p *Pages) showTelephone(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if id, ok := p.PersonID(w, r); ok {
		p.replyTelephone(w, r, id)
	}
}

func (p *Pages) setPersonTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	if id, ok := p.PersonID(w, r); ok {
		p.setTelephone(w, r, v, id)
	}
}

// setTelephone gives a person a telephone, or takes it away.
func (p *Pages) setTelephone(w http.ResponseWriter, r *http.Request, v *page.Visitor, id queue.AgentID) {
	var body protocol.SetTelephone
	if !p.Read(w, r, &body) {
		return
	}
	number, reason := strings.TrimSpace(body.Number), "set"
	if number == "" {
		reason = "removed"
	}
	if _, err := p.Users.ByID(r.Context(), id); !p.answered(w, r, err) {
		return
	}
	err := p.Audited(r, v, ActionTelephone, "user:"+string(id), reason, func(ctx context.Context) error {
		return p.Telephones.Set(ctx, id, number, string(v.User.ID))
	})
	if errors.Is(err, users.ErrBadTelephone) {
		p.Fail(w, http.StatusBadRequest, protocol.BadTelephone, nil)
		return
	}
	if p.answered(w, r, err) {
		p.replyTelephone(w, r, id)
	}
}

func (p *Pages) replyTelephone(w http.ResponseWriter, r *http.Request, id queue.AgentID) {
	t, err := p.Telephones.Show(r.Context(), id)
	if errors.Is(err, users.ErrNoTelephone) {
		p.Reply(w, http.StatusOK, protocol.Telephone{})
		return
	}
	if p.answered(w, r, err) {
		p.Reply(w, http.StatusOK, protocol.Telephone{Masked: t.Masked, SetAt: protocol.Millis(t.At), By: t.By, ByName: p.Doer(t.By)})
	}
}
