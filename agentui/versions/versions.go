// Package versions serves documents of the office (storage/documents) to the administrator: what is in force, its history, changes and undo.
package versions

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"hotline/agentui/page"
	"hotline/agentui/protocol"
	"hotline/storage/documents"
)

// Store is what the console asks of a store of versions; *documents.Store is one.
type Store[T any] interface {
	Current(ctx context.Context) (documents.Version[T], error)
	Get(ctx context.Context, n int) (documents.Version[T], error)
	History(ctx context.Context, before, limit int) ([]documents.Version[T], error)
	Save(ctx context.Context, base int, doc T, by, note string) (documents.Version[T], error)
	Restore(ctx context.Context, base, n int, by, note string) (documents.Version[T], error)
	Check(doc T) error
	Decode(raw []byte) (T, error)
	Most() int
}

const shown = 100 // versions of one page of the history

// Clerk is that of pages, who also knows the names of those who changed something.
type Clerk struct {
	*page.Clerk
	Doer func(by string) string
}

// keeper serves one document. Every change is audited before it is made, as "<name>.save" or "<name>.restore".
type keeper[T any] struct {
	Clerk
	name  string
	store Store[T]
}

// Endpoints are the rows of a document in the table of what can be asked; name is a part of their path and of the audit trail's words.
func Endpoints[T any](c Clerk, name string, store Store[T]) []page.Endpoint {
	k := keeper[T]{c, name, store}
	at := "/api/admin/" + name
	return []page.Endpoint{
		{Pattern: "GET " + at, Access: page.Administrator, Serve: k.show},
		{Pattern: "PUT " + at, Access: page.Administrator, Serve: k.save, Body: int64(store.Most()) + 8<<10},
		{Pattern: "GET " + at + "/versions", Access: page.Administrator, Serve: k.list},
		{Pattern: "GET " + at + "/versions/{n}", Access: page.Administrator, Serve: k.one},
		{Pattern: "POST " + at + "/versions/{n}/restore", Access: page.Administrator, Serve: k.restore},
		{Pattern: "POST " + at + "/check", Access: page.Administrator, Serve: k.check, Body: int64(store.Most()) + 8<<10},
	}
}

func (k keeper[T]) version(v documents.Version[T], whole bool) protocol.DocumentVersion {
	out := protocol.DocumentVersion{
		Version: v.N, At: protocol.Millis(v.At), By: v.By, ByName: k.Doer(v.By), Note: v.Note, Origin: string(v.Origin), Restored: v.Restored,
	}
	if whole {
		out.Doc = v.Doc
	}
	return out
}

func (k keeper[T]) show(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	v, err := k.store.Current(r.Context())
	if err != nil {
		k.Unavailable(w, r, err)
		return
	}
	k.Reply(w, http.StatusOK, k.version(v, true))
}

func (k keeper[T]) list(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	before := 0
	if text := r.URL.Query().Get("before"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			k.Fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		before = n
	}
	all, err := k.store.History(r.Context(), before, shown)
	if err != nil {
		k.Unavailable(w, r, err)
		return
	}
	out := protocol.DocumentHistory{Versions: []protocol.DocumentVersion{}}
	for _, v := range all {
		out.Versions = append(out.Versions, k.version(v, false))
	}
	k.Reply(w, http.StatusOK, out)
}

func (k keeper[T]) one(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	if v, ok := k.named(w, r); ok {
		k.Reply(w, http.StatusOK, k.version(v, true))
	}
}

// named is the version that the path names; it has answered when it returns false.
func (k keeper[T]) named(w http.ResponseWriter, r *http.Request) (v documents.Version[T], ok bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 {
		k.Fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return v, false
	}
	v, err = k.store.Get(r.Context(), n)
	return v, k.Changed(w, r, err)
}

// check tells what is wrong with a document that is not saved yet.
func (k keeper[T]) check(w http.ResponseWriter, r *http.Request, _ *page.Visitor) {
	var body protocol.CheckDocument
	if !k.Read(w, r, &body) {
		return
	}
	doc, err := k.store.Decode(body.Doc)
	if err == nil {
		err = k.store.Check(doc)
	}
	if k.Changed(w, r, err) {
		k.Reply(w, http.StatusOK, struct{}{})
	}
}

func (k keeper[T]) save(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.SaveDocument
	if !k.Read(w, r, &body) {
		return
	}
	doc, err := k.store.Decode(body.Doc)
	if !k.Changed(w, r, err) {
		return
	}
	k.change(w, r, v, "save", body.Base, body.Note, doc, func(ctx context.Context) (documents.Version[T], error) {
		return k.store.Save(ctx, body.Base, doc, string(v.User.ID), body.Note)
	})
}

func (k keeper[T]) restore(w http.ResponseWriter, r *http.Request, v *page.Visitor) {
	var body protocol.RestoreDocument
	if !k.Read(w, r, &body) {
		return
	}
	old, ok := k.named(w, r)
	if !ok {
		return
	}
	k.change(w, r, v, "restore", body.Base, body.Note, old.Doc, func(ctx context.Context) (documents.Version[T], error) {
		return k.store.Restore(ctx, body.Base, old.N, string(v.User.ID), body.Note)
	})
}

// change makes a new version. What would be refused is refused before the audit: a row says what was done.
func (k keeper[T]) change(w http.ResponseWriter, r *http.Request, v *page.Visitor, verb string, base int, note string, doc T, do func(context.Context) (documents.Version[T], error)) {
	err := k.store.Check(doc)
	if utf8.RuneCountInString(note) > documents.NoteMost {
		err = documents.ErrNote
	}
	if err == nil {
		now, look := k.store.Current(r.Context())
		if err = look; look == nil && now.N != base {
			err = &documents.Stale{N: now.N, At: now.At, By: now.By}
		}
	}
	if err == nil {
		err = k.Trail.Append(r.Context(), k.Entry(r, v, k.name+"."+verb, fmt.Sprintf("%s:%d", k.name, base+1), strings.TrimSpace(note)))
	}
	var made documents.Version[T]
	if err == nil {
		made, err = do(r.Context())
	}
	if k.Changed(w, r, err) {
		k.Reply(w, http.StatusOK, k.version(made, true))
	}
}

// Changed says what is wrong with a change of a document, or what the first refusal that knows the error says; true when nothing is wrong.
func (c Clerk) Changed(w http.ResponseWriter, r *http.Request, err error, known ...page.Refusal) bool {
	if faults, ok := errors.AsType[documents.Faults](err); ok {
		c.Fail(w, http.StatusBadRequest, protocol.InvalidDocument, protocol.Params{"faults": faults})
		return false
	}
	if stale, ok := errors.AsType[*documents.Stale](err); ok {
		c.Fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": stale.N, "at": protocol.Millis(stale.At), "by_name": c.Doer(stale.By)})
		return false
	}
	return c.Answered(w, r, err, append(known,
		page.Refusal{Err: documents.ErrNote, Status: http.StatusBadRequest, Code: protocol.BadNote, Params: protocol.Params{"most": documents.NoteMost}},
		page.Refusal{Err: documents.ErrDocument, Status: http.StatusBadRequest, Code: protocol.BadRequest},
		page.Refusal{Err: documents.ErrNone, Status: http.StatusNotFound, Code: protocol.NotFound})...)
}
