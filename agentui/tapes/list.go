package tapes

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/agentui/users"
	"hotline/crisis"
)

const (
	listedDefault = 50 // recordings of a page
	listedMost    = 200
	searchMost    = 64 // bytes of an id that is looked for
)

func (p *Pages) listRecordings(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	q, ok := recordingSearch(r.URL.Query())
	if !ok {
		p.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
		return
	}
	out := protocol.Recordings{Recordings: []protocol.Recording{}, Lines: []protocol.StatisticsLine{}, Agents: []protocol.RecordedBy{}}
	if v.User.Role != users.Supervisor {
		if out.Own = true; !p.Settings().Recording.Own {
			p.Reply(w, http.StatusOK, out)
			return
		}
		q.Agent = string(v.User.ID)
	}
	// Who talked when, and who was in danger, is a look at people although nothing is heard. No page asks for it by itself.
	var rows []Row
	var next Place
	if !p.found(w, r, p.Audited(r, v, ActionRecordingList, "", q.String(), func(ctx context.Context) (err error) {
		rows, next, err = Find(ctx, p.Library, p.Known, q)
		return err
	})) {
		return
	}
	out.Next = next.String()
	p.searchable(&out, v)
	for _, row := range rows {
		out.Recordings = append(out.Recordings, Listed(row, p.Names(v.User.Locale)))
	}
	p.Reply(w, http.StatusOK, out)
}

// searchable says by which lines and people recordings can be looked for.
func (p *Pages) searchable(out *protocol.Recordings, v *page.Visitor) {
	for _, l := range p.Lines() {
		out.Lines = append(out.Lines, protocol.StatisticsLine{Line: l, Name: p.Names(v.User.Locale).Line(l)})
	}
	if out.Own {
		return
	}
	for _, u := range p.People() {
		if u.Role.Serves() {
			out.Agents = append(out.Agents, protocol.RecordedBy{Agent: string(u.ID), Name: u.Name})
		}
	}
	slices.SortFunc(out.Agents, func(a, b protocol.RecordedBy) int { return strings.Compare(a.Name, b.Name) })
}

// recordingSearch reads what is looked for from an address.
func recordingSearch(q url.Values) (out Search, ok bool) {
	out.Line, out.Agent, out.Class, out.Level, out.Limit = q.Get("line"), q.Get("agent"), q.Get("class"), q.Get("level"), listedDefault
	var errs []error
	number := func(name string) int64 {
		if q.Get(name) == "" {
			return 0
		}
		n, err := strconv.ParseInt(q.Get(name), 10, 64)
		if err == nil && n < 1 {
			err = strconv.ErrRange
		}
		errs = append(errs, err)
		return n
	}
	if ms := number("from"); ms > 0 {
		out.From = time.UnixMilli(ms)
	}
	if ms := number("to"); ms > 0 {
		out.To = time.UnixMilli(ms)
	}
	if n := number("limit"); n > 0 {
		out.Limit = int(min(n, listedMost+1))
	}
	place, err := ParsePlace(q.Get("before"))
	out.Before = place
	if !plainID(out.Line) || !plainID(out.Agent) {
		return out, false
	}
	known := map[string]bool{"": true, ClassOrdinary: true, ClassHighRisk: true, ClassHold: true}
	level := out.Level == "" || crisis.Level(out.Level).Valid()
	return out, errors.Join(append(errs, err)...) == nil && known[out.Class] && level && out.Limit <= listedMost
}

// plainID tells whether what is looked for can be an id: it is written down.
func plainID(id string) bool {
	return len(id) <= searchMost && utf8.ValidString(id) && !strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) })
}
