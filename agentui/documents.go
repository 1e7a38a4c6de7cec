package agentui

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/agentui/protocol"
	"hotline/storage/documents"
)

// document is what the console asks of a store of versions; *documents.Store is one.
type document[T any] interface {
	Current(ctx context.Context) (documents.Version[T], error)
	Get(ctx context.Context, n int) (documents.Version[T], error)
	History(ctx context.Context, before, limit int) ([]documents.Version[T], error)
	Save(ctx context.Context, base int, doc T, by, note string) (documents.Version[T], error)
	Restore(ctx context.Context, base, n int, by, note string) (documents.Version[T], error)
	Check(doc T) error
	Decode(raw []byte) (T, error)
	Most() int
}

// keeper serves one document to the administrator: what is in force, its history, changes and undo. Every change is audited before it is made, as
// "<name>.save" or "<name>.restore".
type keeper[T any] struct {
	s     *Server
	name  string
	store document[T]
}

// documentEndpoints are the rows of a document in the table of endpoints.
func documentEndpoints[T any](s *Server, name string, store document[T]) []endpoint {
	k := keeper[T]{s, name, store}
	at := "/api/admin/" + name
	return []endpoint{
		{pattern: "GET " + at, access: accessAdministrator, serve: k.show},
		{pattern: "PUT " + at, access: accessAdministrator, serve: k.save, body: int64(store.Most()) + 8<<10},
		{pattern: "GET " + at + "/versions", access: accessAdministrator, serve: k.list},
		{pattern: "GET " + at + "/versions/{n}", access: accessAdministrator, serve: k.one},
		{pattern: "POST " + at + "/versions/{n}/restore", access: accessAdministrator, serve: k.restore},
		{pattern: "POST " + at + "/check", access: accessAdministrator, serve: k.check, body: int64(store.Most()) + 8<<10},
	}
}

func (k keeper[T]) version(v documents.Version[T], whole bool) protocol.DocumentVersion {
	out := protocol.DocumentVersion{
		Version: v.N, At: millis(v.At), By: v.By, ByName: k.s.doer(v.By), Note: v.Note, Origin: string(v.Origin), Restored: v.Restored,
	}
	if whole {
		out.Doc = v.Doc
	}
	return out
}

func (k keeper[T]) show(w http.ResponseWriter, r *http.Request, _ *visitor) {
	v, err := k.store.Current(r.Context())
	if err != nil {
		k.s.unavailable(w, r, err)
		return
	}
	k.s.reply(w, http.StatusOK, k.version(v, true))
}

func (k keeper[T]) list(w http.ResponseWriter, r *http.Request, _ *visitor) {
	before := 0
	if text := r.URL.Query().Get("before"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			k.s.fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
			return
		}
		before = n
	}
	all, err := k.store.History(r.Context(), before, versionsMax)
	if err != nil {
		k.s.unavailable(w, r, err)
		return
	}
	out := protocol.DocumentHistory{Versions: []protocol.DocumentVersion{}}
	for _, v := range all {
		out.Versions = append(out.Versions, k.version(v, false))
	}
	k.s.reply(w, http.StatusOK, out)
}

func (k keeper[T]) one(w http.ResponseWriter, r *http.Request, _ *visitor) {
	if v, ok := k.named(w, r); ok {
		k.s.reply(w, http.StatusOK, k.version(v, true))
	}
}

// named is the version that the path names; it has answered when it returns false.
func (k keeper[T]) named(w http.ResponseWriter, r *http.Request) (v documents.Version[T], ok bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	if err != nil || n < 0 {
		k.s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
		return v, false
	}
	v, err = k.store.Get(r.Context(), n)
	return v, k.s.documentAnswered(w, r, err)
}

// check tells what is wrong with a document that is not saved yet.
func (k keeper[T]) check(w http.ResponseWriter, r *http.Request, _ *visitor) {
	var body protocol.CheckDocument
	if !k.s.read(w, r, &body) {
		return
	}
	doc, err := k.store.Decode(body.Doc)
	if err == nil {
		err = k.store.Check(doc)
	}
	if k.s.documentAnswered(w, r, err) {
		k.s.reply(w, http.StatusOK, struct{}{})
	}
}

func (k keeper[T]) save(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.SaveDocument
	if !k.s.read(w, r, &body) {
		return
	}
	doc, err := k.store.Decode(body.Doc)
	if !k.s.documentAnswered(w, r, err) {
		return
	}
	k.change(w, r, v, "save", body.Base, body.Note, doc, func(ctx context.Context) (documents.Version[T], error) {
		return k.store.Save(ctx, body.Base, doc, string(v.user.ID), body.Note)
	})
}

func (k keeper[T]) restore(w http.ResponseWriter, r *http.Request, v *visitor) {
	var body protocol.RestoreDocument
	if !k.s.read(w, r, &body) {
		return
	}
	old, ok := k.named(w, r)
	if !ok {
		return
	}
	k.change(w, r, v, "restore", body.Base, body.Note, old.Doc, func(ctx context.Context) (documents.Version[T], error) {
		return k.store.Restore(ctx, body.Base, old.N, string(v.user.ID), body.Note)
	})
}

// change makes a new version. What would be refused is refused before the audit: a row says what was done.
func (k keeper[T]) change(w http.ResponseWriter, r *http.Request, v *visitor, verb string, base int, note string, doc T, do func(context.Context) (documents.Version[T], error)) {
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
		err = k.s.deps.Audit.Append(r.Context(), AuditEntry{
			At: time.Now(), Actor: v.user.ID, Role: v.user.Role, Action: k.name + "." + verb, Object: fmt.Sprintf("%s:%d", k.name, base+1),
			Reason: strings.TrimSpace(note), Remote: k.s.remote(r).String(),
		})
	}
	var made documents.Version[T]
	if err == nil {
		made, err = do(r.Context())
	}
	if k.s.documentAnswered(w, r, err) {
		k.s.reply(w, http.StatusOK, k.version(made, true))
	}
}

// documentAnswered says what is wrong with a change of a document; true when nothing is.
func (s *Server) documentAnswered(w http.ResponseWriter, r *http.Request, err error) bool {
	if err == nil {
		return true
	}
	if faults, ok := errors.AsType[documents.Faults](err); ok {
		s.fail(w, http.StatusBadRequest, protocol.InvalidDocument, protocol.Params{"faults": faults})
	} else if stale, ok := errors.AsType[*documents.Stale](err); ok {
		s.fail(w, http.StatusConflict, protocol.Stale, protocol.Params{"version": stale.N, "at": millis(stale.At), "by_name": s.doer(stale.By)})
	} else if errors.Is(err, documents.ErrNote) {
		s.fail(w, http.StatusBadRequest, protocol.BadNote, protocol.Params{"most": documents.NoteMost})
	} else if errors.Is(err, documents.ErrDocument) {
		s.fail(w, http.StatusBadRequest, protocol.BadRequest, nil)
	} else if errors.Is(err, documents.ErrNone) {
		s.fail(w, http.StatusNotFound, protocol.NotFound, nil)
	} else {
		s.unavailable(w, r, err)
	}
	return false
}
