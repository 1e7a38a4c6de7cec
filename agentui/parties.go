package agentui

import (
	"context"
	"maps"
	"sync"
	"time"

	"hotline/agentui/board"
	"hotline/agentui/protocol"
	"hotline/casework/phonebook"
	"hotline/queue"
	"hotline/storage/documents"
)

// contacts is what the console asks of the phonebook for the rows of calls.
type contacts interface {
	Get(ctx context.Context, id string) (phonebook.Entry, error)
}

func (d *desk) parties(c queue.Call) []protocol.Party {
	all := make([]protocol.Party, 0, len(c.Parties))
	for _, p := range c.Parties {
		all = append(all, d.party(p))
	}
	return all
}

func (d *desk) party(p queue.Party) protocol.Party {
	row := protocol.Party{
		User: string(p.Agent), Name: d.s.directory.name(p.Agent), Role: string(p.Role), State: string(p.State), By: string(p.By),
		ByName: d.s.directory.name(p.By), Since: protocol.Millis(p.Since), Note: p.Note, Contact: p.Contact, Why: p.Why,
	}
	if p.Contact != "" {
		row.ContactName = d.s.contacts.name(p.Contact, d.user.Locale, d.s.cfg.Locale)
		row.Name = row.ContactName
	}
	return row
}

func sosOf(s *Server, a queue.Agent) *protocol.SOS {
	if a.SOS == nil {
		return nil
	}
	return &protocol.SOS{
		At: protocol.Millis(a.SOS.At), Call: string(a.SOS.Call), AckBy: string(a.SOS.AckBy), AckByName: s.directory.name(a.SOS.AckBy), AckAt: protocol.Millis(a.SOS.AckAt),
	}
}

// beside is the person's own part in a call that is another's; nil: none.
func (d *desk) beside(invited bool) *protocol.Beside {
	c, p, ok := d.s.board.Beside(d.user.ID, invited)
	if !ok {
		return nil
	}
	return &protocol.Beside{Party: d.party(p), Call: d.call(c)}
}

// ownView is what an agent sees of the own call: who only listens shows where the site wants it. Who speaks is heard and always shows.
func (d *desk) ownView(c board.Call) (row protocol.Call, listening []string) {
	row, listening = d.call(c), []string{}
	open := d.s.settings.get().Doc.Supervised
	shown := row.Parties[:0:0]
	for _, p := range row.Parties {
		supervises := p.Role != string(queue.PartyConsult) && p.Role != string(queue.PartyOutside)
		if p.Role == string(queue.PartyMonitor) && !open {
			continue
		}
		if supervises && p.State == string(queue.PartyIn) {
			listening = append(listening, p.Name)
		}
		shown = append(shown, p)
	}
	row.Parties = append([]protocol.Party{}, shown...)
	return row, listening
}

const contactsEvery = 30 * time.Second

// contactNames knows the names of the phonebook without asking the database at every row.
type contactNames struct {
	book contacts
	ask  chan struct{}

	mu     sync.Mutex
	names  map[string]documents.Words
	before map[string]documents.Words // what names were until the newest renewal: shown until they are read again
	wanted map[string]struct{}
}

func newContactNames(book contacts) *contactNames {
	return &contactNames{book: book, ask: make(chan struct{}, 1), names: map[string]documents.Words{}, wanted: map[string]struct{}{}}
}

// name is a contact's name in one of the languages, the first that has one; empty until it is known.
func (n *contactNames) name(id string, locales ...string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	words, ok := n.names[id]
	if !ok {
		words = n.before[id]
		n.wanted[id] = struct{}{}
		select {
		case n.ask <- struct{}{}:
		default: // asked already
		}
	}
	for _, l := range locales {
		if words[l] != "" {
			return words[l]
		}
	}
	for _, w := range words {
		return w
	}
	return ""
}

// run reads the names that are wanted until ctx ends, and calls changed when there are some. What was read is read again after a while.
func (n *contactNames) run(ctx context.Context, changed func()) {
	tick := time.NewTicker(contactsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			n.renew()
		case <-n.ask:
			if n.load(ctx) {
				changed()
			}
			pause(ctx, retryPause) // an id that nobody has must not make a busy loop
		}
	}
}

// renew has the names of who is shown read again, which does not blank them meanwhile; the rest is forgotten, the second time at the latest.
func (n *contactNames) renew() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.names, n.before = map[string]documents.Words{}, n.names
}

// load reads what is wanted, and tells whether a name is another than was shown.
func (n *contactNames) load(ctx context.Context) (found bool) {
	n.mu.Lock()
	wanted := n.wanted
	n.wanted = map[string]struct{}{}
	n.mu.Unlock()
	for id := range wanted {
		e, err := n.book.Get(ctx, id)
		if err != nil {
			continue // a name that cannot be read is asked for at the next row
		}
		n.mu.Lock()
		found = found || !maps.Equal(n.before[id], e.Names)
		n.names[id] = e.Names
		n.mu.Unlock()
	}
	return found
}
