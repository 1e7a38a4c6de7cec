package users

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"hotline/casework"
	"hotline/queue"
	"hotline/storage"
)

// Errors of telephones.
var (
	ErrNoTelephone  = errors.New("the person has given no telephone")
	ErrBadTelephone = errors.New("this is no telephone number at which a person can be called")
)

// Telephones keeps where people are called when nobody at a console has seen an alarm. The numbers are private: they rest sealed, are shown masked, and are
// opened to be dialled only.
type Telephones struct {
	db     *storage.DB
	keys   sealer
	region string
	now    func() time.Time
}

// Telephones returns the store. region (ISO 3166) is where a number without a country belongs.
func (s *Store) Telephones(keys sealer, region string) *Telephones {
	return &Telephones{db: s.db, keys: keys, region: region, now: time.Now}
}

// Telephone is what may be shown of one.
type Telephone struct {
	Masked string // "138******12"
	At     time.Time
	By     string // who set it: a person's id, or "cli:…"
}

func telephoneContext(id queue.AgentID) string { return "telephone:" + string(id) }

// Set gives a person a telephone; an empty number takes it away. ErrNotFound, ErrBadTelephone.
func (t *Telephones) Set(ctx context.Context, id queue.AgentID, number, by string) error {
	if number == "" {
		_, err := t.db.Exec(ctx, `DELETE FROM user_telephones WHERE user_id = ?`, string(id))
		return telephoneError(err)
	}
	if !casework.Callable(number, t.region, func(string) bool { return false }) {
		return ErrBadTelephone
	}
	sealed, err := t.keys.Seal(casework.Normalise(number, t.region), telephoneContext(id))
	if err != nil {
		return telephoneError(err)
	}
	res, err := t.db.Exec(ctx, `INSERT INTO user_telephones (user_id, number, at_ms, by_id) SELECT id, ?, CAST(? AS BIGINT), ? FROM users WHERE id = ?
		ON CONFLICT (user_id) DO UPDATE SET number = excluded.number, at_ms = excluded.at_ms, by_id = excluded.by_id`, sealed, storage.Millis(t.now()), by, string(id))
	if err != nil {
		return telephoneError(err)
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return telephoneError(ErrNotFound)
	}
	return nil
}

// Number is where to call a person, E.164 with a plus: private. ErrNoTelephone.
func (t *Telephones) Number(ctx context.Context, id queue.AgentID) (string, error) {
	number, _, err := t.get(ctx, id)
	return number, err
}

// Show is what may be shown of a person's telephone. ErrNoTelephone.
func (t *Telephones) Show(ctx context.Context, id queue.AgentID) (Telephone, error) {
	number, shown, err := t.get(ctx, id)
	if err != nil {
		return Telephone{}, err
	}
	shown.Masked = casework.Mask(number, t.region)
	return shown, nil
}

// Have tells who of some people can be called.
func (t *Telephones) Have(ctx context.Context, ids []queue.AgentID) (map[queue.AgentID]bool, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	list, args := storage.In(texts)
	rows, err := storage.Select(ctx, t.db, func(r storage.Row) (id string, err error) { return id, r.Scan(&id) },
		`SELECT u.id FROM users u JOIN user_telephones t ON t.user_id = u.id WHERE NOT u.disabled AND u.id IN `+list, args...)
	have := map[queue.AgentID]bool{}
	for _, id := range rows {
		have[queue.AgentID(id)] = true
	}
	return have, telephoneError(err)
}

func (t *Telephones) get(ctx context.Context, id queue.AgentID) (number string, shown Telephone, err error) {
	var sealed []byte
	var at int64
	err = t.db.QueryRow(ctx, `SELECT number, at_ms, by_id FROM user_telephones WHERE user_id = ?`, string(id)).Scan(&sealed, &at, &shown.By)
	if errors.Is(err, sql.ErrNoRows) {
		return "", shown, ErrNoTelephone
	}
	if err != nil {
		return "", shown, telephoneError(err)
	}
	shown.At = storage.Time(at)
	number, err = t.keys.Open(sealed, telephoneContext(id))
	return number, shown, telephoneError(err)
}

func telephoneError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("telephone: %w", err)
}
