package aftercare

import (
	"context"
	"net/http"
	"slices"
	"time"

	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/casework/followups"
	"hotline/casework/referrals"
	"hotline/queue"
)

const (
	servicesShown  = 60
	referralsShown = 200
	contactsAsked  = 100 // newest contacts of a person that are looked through for who may read of them
)

// findServices looks in the directory: q, region, level, kind, and open=now.
func (p *Pages) findServices(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	ask := r.URL.Query()
	now := time.Now().In(p.Zone())
	q := referrals.Query{Words: ask.Get("q"), Region: ask.Get("region"), Level: referrals.Level(ask.Get("level")), Kind: referrals.Kind(ask.Get("kind"))}
	if ask.Get("open") == "now" {
		q.OpenAt = now
	}
	found, err := p.Referrals.Find(r.Context(), q)
	if !p.after(w, r, err) {
		return
	}
	out := protocol.Services{Services: []protocol.Service{}, More: max(0, len(found)-servicesShown)}
	for _, one := range found[:min(len(found), servicesShown)] {
		state := "unknown"
		if open, known := one.OpenAt(now); known {
			state = map[bool]string{true: "yes", false: "no"}[open]
		}
		out.Services = append(out.Services, protocol.Service{
			Service: one.ID, Level: string(one.Level), Kind: string(one.Kind), Names: one.Names, Region: one.Region, Address: one.Address, Phone: one.Phone,
			Hours: referrals.WriteHours(one.Open), Open: state, Note: one.Note,
		})
	}
	p.Reply(w, http.StatusOK, out)
}

func (p *Pages) referral(ctx context.Context, r referrals.Referral) protocol.Referral {
	return protocol.Referral{
		Referral: r.ID, Call: r.Call, Person: p.code(ctx, r.File), Service: r.Service, Name: r.Name, State: string(r.State), Owner: r.Owner,
		OwnName: p.Person(r.Owner), SentAt: protocol.Millis(r.Sent), RemindAt: protocol.Millis(r.Remind), Reports: []protocol.ReferralReport{},
	}
}

// listReferrals tells of those of which more is to be heard, then of those that are over, the newest first.
func (p *Pages) listReferrals(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	p.replyReferrals(w, r, v, "", func(ctx context.Context) ([]referrals.Referral, error) {
		waiting, err := p.Referrals.Waiting(ctx, referralsShown)
		if err != nil {
			return nil, err
		}
		recent, err := p.Referrals.Recent(ctx, referralsShown)
		for _, one := range recent {
			if one.State != referrals.Sent && one.State != referrals.Accepted {
				waiting = append(waiting, one)
			}
		}
		return waiting, err
	})
}

func (p *Pages) replyReferrals(w http.ResponseWriter, r *http.Request, v *page.Visitor, object string, list func(ctx context.Context) ([]referrals.Referral, error)) {
	out := protocol.Referrals{Referrals: []protocol.Referral{}}
	done := p.afterAudit(w, r, v, ActionReferralList, object, "", func(ctx context.Context) error {
		all, err := list(ctx)
		for _, one := range all {
			out.Referrals = append(out.Referrals, p.referral(ctx, one))
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

func (p *Pages) callReferrals(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	if !ok || !p.Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	p.replyReferrals(w, r, v, "call:"+call, func(ctx context.Context) ([]referrals.Referral, error) {
		who, _, _, err := p.person(ctx, call)
		if err != nil {
			return nil, err
		}
		var files []string
		if who.File != "" {
			files = []string{who.File}
		}
		return p.Referrals.Of(ctx, files, who.Refs, call)
	})
}

func (p *Pages) sendReferral(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	call, ok := p.ID(w, r)
	var body protocol.SendReferral
	if !ok || !p.Read(w, r, &body) || !p.Takes(w, r, v, call, part.Serving, part.Served, part.Past) {
		return
	}
	var out protocol.Referral
	done := p.afterAudit(w, r, v, ActionReferralSend, "call:"+call, "", func(ctx context.Context) error {
		who, _, _, err := p.person(ctx, call)
		if err != nil {
			return err
		}
		ref := ""
		if len(who.Refs) > 0 {
			ref = who.Refs[0]
		}
		sent, err := p.Referrals.Send(ctx, referrals.Sending{
			Request: body.Request, File: who.File, Ref: ref, Call: call, Service: body.Service, By: string(v.User.ID), Note: body.Note,
		})
		if err == nil {
			out = p.referral(ctx, sent)
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// mayOpen tells whether a person has to do with whom a referral is about, and so may read what was said of it: supervisors, who sent them on or is to ask,
// who had or has a contact with them, and who owes them a follow-up.
func (p *Pages) mayOpen(ctx context.Context, v *page.Visitor, one referrals.Referral) (bool, error) {
	me := string(v.User.ID)
	if v.User.Role == users.Supervisor || one.Owner == me || one.By == me {
		return true, nil
	}
	calls := []string{}
	if one.Call != "" {
		calls = append(calls, one.Call)
	}
	who := followups.Who{File: one.File} // a telephone may be that of several people
	if one.File == "" {
		who.Call = one.Call
	}
	owed, err := p.FollowUps.Of(ctx, who)
	if err != nil || slices.ContainsFunc(owed, func(f followups.FollowUp) bool { return f.Owner == me && f.Closed.IsZero() }) {
		return err == nil, err
	}
	if one.File != "" {
		links, err := p.Files.Calls(ctx, one.File, contactsAsked)
		if err != nil {
			return false, err
		}
		for _, l := range links {
			calls = append(calls, l.Call)
		}
	}
	for _, call := range calls {
		if have, err := p.In(ctx, v.User.ID, call); err != nil || have != part.None {
			return err == nil, err
		}
	}
	return false, nil
}

// onReferral reads a referral that the person has to do with; it has answered when it returns false.
func (p *Pages) onReferral(w http.ResponseWriter, r *http.Request, v *page.Visitor) (id string, ok bool) {
	if id, ok = p.ID(w, r); !ok {
		return "", false
	}
	one, err := p.Referrals.Get(r.Context(), id)
	if !p.after(w, r, err) {
		return "", false
	}
	may, err := p.mayOpen(r.Context(), v, one)
	if err == nil && !may {
		p.Fail(w, http.StatusForbidden, protocol.NotYourPerson, nil)
		return "", false
	}
	return id, p.after(w, r, err)
}

func (p *Pages) showReferral(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.onReferral(w, r, v)
	if !ok {
		return
	}
	p.replyReferral(w, r, v, ActionReferralView, id, "", func(ctx context.Context) (referrals.Referral, error) {
		return p.Referrals.Get(ctx, id)
	})
}

func (p *Pages) tellReferral(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	id, ok := p.onReferral(w, r, v)
	var body protocol.TellReferral
	if !ok || !p.Read(w, r, &body) {
		return
	}
	p.replyReferral(w, r, v, ActionReferralTell, id, body.State, func(ctx context.Context) (referrals.Referral, error) {
		report := referrals.Report{State: referrals.State(body.State), How: referrals.How(body.How), Said: body.Said, By: string(v.User.ID), Note: body.Note}
		if body.OnAt > 0 {
			report.On = time.UnixMilli(body.OnAt)
		}
		return p.Referrals.Tell(ctx, id, report)
	})
}

func (p *Pages) replyReferral(w http.ResponseWriter, r *http.Request, v *page.Visitor, action, id, reason string, do func(ctx context.Context) (referrals.Referral, error)) {
	var out protocol.Referral
	done := p.afterAudit(w, r, v, action, "referral:"+id, reason, func(ctx context.Context) error {
		one, err := do(ctx)
		if err != nil {
			return err
		}
		out = p.referral(ctx, one)
		told, err := p.Referrals.Reports(ctx, id)
		for _, one := range told {
			out.Reports = append(out.Reports, protocol.ReferralReport{
				State: string(one.State), OnAt: protocol.Millis(one.On), How: string(one.How), Said: one.Said, At: protocol.Millis(one.At), ByName: p.Doer(one.By), Note: one.Note,
			})
		}
		return err
	})
	if done {
		p.Reply(w, http.StatusOK, out)
	}
}

// takes tells whether work can be given to a person by a visitor: to oneself or to nobody, and by supervisors to who takes calls. It has answered when
// it returns false.
func (p *Pages) takes(w http.ResponseWriter, v *page.Visitor, to string) bool {
	if to == "" || to == string(v.User.ID) {
		return true
	}
	if v.User.Role != users.Supervisor {
		p.Fail(w, http.StatusForbidden, protocol.Forbidden, nil)
		return false
	}
	return p.serves(w, to)
}

// serves tells whether a person takes calls here.
func (p *Pages) serves(w http.ResponseWriter, to string) bool {
	if u, known := p.Account(queue.AgentID(to)); !known || u.Disabled || !u.Role.Serves() {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return false
	}
	return true
}
