package reviews

import (
	"context"

	"hotline/storage"
)

// Owed is how much waits for people: talks for a reviewer, and reviews for the counsellor whose talk it was.
type Owed struct {
	Open, Late int // talks with a place for another sheet, and of them those whose time is over
	Own        map[string]OwnOwed
}

// OwnOwed is what is other for one person.
type OwnOwed struct {
	Open, Late int // to be added to everybody's: below 0 for one's own talks and those that one scored, above it for sheets begun where nobody else has a place
	Unread     int // reviews of one's own talks that are done and not read
}

type openReview struct {
	id, agent string
	wanted    int
	late      bool
}

// Owed counts what waits. What it says of a person is what [Row.MayScore] says of each open review.
func (s *Store) Owed(ctx context.Context) (Owed, error) {
	out := Owed{Own: map[string]OwnOwed{}}
	now := storage.Millis(s.now())
	open, err := storage.Select(ctx, s.db, func(r storage.Row) (o openReview, err error) {
		var due int64
		err = r.Scan(&o.id, &o.agent, &o.wanted, &due)
		o.late = due < now
		return o, err
	}, `SELECT id, agent, wanted, due_ms FROM reviews WHERE state = 'open'`)
	if err != nil {
		return out, wrap("count what is owed", err)
	}
	sheets, err := s.begun(ctx)
	if err != nil {
		return out, wrap("count what is owed", err)
	}
	for _, o := range open {
		out.add(o, sheets[o.id])
	}
	type unread struct {
		agent string
		n     int
	}
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (u unread, err error) { return u, r.Scan(&u.agent, &u.n) },
		`SELECT agent, COUNT(*) FROM reviews WHERE state = 'done' AND read_ms = 0 GROUP BY agent`)
	for _, u := range all {
		own := out.Own[u.agent]
		own.Unread = u.n
		out.Own[u.agent] = own
	}
	return out, wrap("count what is owed", err)
}

// begun are the sheets of open reviews that hold a place: by review and reviewer, whether it is handed in.
func (s *Store) begun(ctx context.Context) (map[string]map[string]bool, error) {
	type sheet struct {
		review, reviewer string
		saved, final     int64
	}
	all, err := storage.Select(ctx, s.db, func(r storage.Row) (b sheet, err error) { return b, r.Scan(&b.review, &b.reviewer, &b.saved, &b.final) },
		`SELECT review, reviewer, saved_ms, final_ms FROM review_scores WHERE review IN (SELECT id FROM reviews WHERE state = 'open')`)
	out := map[string]map[string]bool{}
	for _, b := range all {
		if b.final == 0 && !s.holds(b.saved) {
			continue
		}
		if out[b.review] == nil {
			out[b.review] = map[string]bool{}
		}
		out[b.review][b.reviewer] = b.final > 0
	}
	return out, err
}

// add counts one open review, with who has a place in it.
func (w *Owed) add(o openReview, sheets map[string]bool) {
	free := len(sheets) < o.wanted
	late := 0
	if o.late {
		late = 1
	}
	but := func(user string, sign int) {
		own := w.Own[user]
		own.Open, own.Late = own.Open+sign, own.Late+sign*late
		w.Own[user] = own
	}
	if free {
		w.Open, w.Late = w.Open+1, w.Late+late
		but(o.agent, -1)
	}
	for user, final := range sheets {
		switch {
		case free && final:
			but(user, -1)
		case !free && !final:
			but(user, 1)
		}
	}
}
