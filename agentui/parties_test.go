package agentui

import (
	"context"
	"testing"

	"hotline/casework/phonebook"
	"hotline/storage/documents"
)

type oneContact string

func (c oneContact) Get(_ context.Context, id string) (phonebook.Entry, error) {
	return phonebook.Entry{ID: id, Names: documents.Words{"en": string(c)}}, nil
}

// A name that is read again stays on the screen meanwhile, and rows are shown anew only when it is another.
func TestNamesOfContacts(t *testing.T) {
	n := newContactNames(oneContact("Police 110"))
	if got := n.name("police", "en"); got != "" {
		t.Errorf("before it was read: %q", got)
	}
	if !n.load(t.Context()) || n.name("police", "en") != "Police 110" {
		t.Errorf("read: %q", n.name("police", "en"))
	}
	n.renew()
	if got := n.name("police", "en"); got != "Police 110" {
		t.Errorf("while it is read again: %q", got)
	}
	if n.load(t.Context()) {
		t.Error("the same name is told as news")
	}
	n.renew()
	n.book = oneContact("Police")
	_ = n.name("police", "en")
	if !n.load(t.Context()) || n.name("police", "en") != "Police" {
		t.Errorf("another name: %q", n.name("police", "en"))
	}
}
