package dispositions

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"hotline/casework"
	"hotline/storage"
)

// kept is a form that was filled in while the database was away, as a browser keeps it: sealed, with the questions as they were then.
type kept struct {
	Form    Form      `json:"form"`
	Answers Answers   `json:"answers"`
	At      time.Time `json:"at"`
}

// Keep seals a filled-in form for its author's browser, which brings it back when the database takes it (SaveKept). Nothing is written. ErrInvalid.
func (s *Store) Keep(form Form, call, agent string, answers Answers) (sealed string, at time.Time, err error) {
	answers, err = form.Fit(answers)
	if err != nil {
		return "", at, err
	}
	at = storage.Time(storage.Millis(s.now()))
	text, err := json.Marshal(kept{form, answers, at})
	if err != nil {
		return "", at, wrap("keep", err)
	}
	raw, err := s.keys.Seal(string(text), keptAs(call, agent))
	return base64.RawURLEncoding.EncodeToString(raw), at, wrap("keep", err)
}

// SaveKept writes what Keep sealed for the same person and call, unless that person has filled in the form later; it returns when that was. The same again changes
// nothing. casework.ErrSealed: it was sealed for another call or person, or altered.
func (s *Store) SaveKept(ctx context.Context, sealed, call, agent string) (Record, time.Time, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return Record{}, time.Time{}, fmt.Errorf("dispositions: kept: %w", casework.ErrSealed)
	}
	text, err := s.keys.Open(raw, keptAs(call, agent))
	if err != nil {
		return Record{}, time.Time{}, wrap("kept", err)
	}
	var k kept
	if err := json.Unmarshal([]byte(text), &k); err != nil {
		return Record{}, time.Time{}, wrap("kept", err)
	}
	if last, ok, err := s.Of(ctx, call); err != nil || ok && last.Agent == agent && last.At.After(k.At) {
		return last, k.At, err
	}
	r, err := s.Save(ctx, k.Form, call, agent, k.Answers)
	return r, k.At, err
}

func keptAs(call, agent string) string { return "disposition kept:" + call + ":" + agent }
