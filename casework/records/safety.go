package records

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/storage"
)

// Bounds of a safety plan: who reads it has a caller on the line.
const (
	MostSteps    = 12 // of one part
	MostStep     = 200
	mostVersions = 50
)

// Safety is what a person in danger and a counsellor agreed on, in the order in which it is gone through.
type Safety struct {
	Signs         []string `json:"signs"`         // by which the person notices that it begins
	Coping        []string `json:"coping"`        // what the person can do alone
	People        []string `json:"people"`        // whom the person can be with, or ask for help
	Places        []string `json:"places"`        // where the person is safe or finds other thoughts
	Professionals []string `json:"professionals"` // and services, with their numbers
	Means         []string `json:"means"`         // what was put out of reach, and how
}

func (s *Safety) parts() []*[]string {
	return []*[]string{&s.Signs, &s.Coping, &s.People, &s.Places, &s.Professionals, &s.Means}
}

// Empty tells whether nothing is in it.
func (s *Safety) Empty() bool {
	for _, p := range s.parts() {
		if len(*p) > 0 {
			return false
		}
	}
	return true
}

// tidy trims the lines and leaves out empty ones.
func (s Safety) tidy() (Safety, error) {
	for _, p := range s.parts() {
		lines := []string{}
		for _, l := range *p {
			if l = strings.TrimSpace(l); l == "" {
				continue
			}
			if utf8.RuneCountInString(l) > MostStep || !utf8.ValidString(l) {
				return s, ErrInvalid
			}
			lines = append(lines, l)
		}
		if len(lines) > MostSteps {
			return s, ErrInvalid
		}
		*p = lines
	}
	return s, nil
}

// SafetyVersion is one state of a person's safety plan.
type SafetyVersion struct {
	Version  int64 // 0: there is none
	At       time.Time
	Author   string // user id
	Call     string // in which it was made; "" outside a call
	Restored int64  // the version whose content this is again; 0: none
	Plan     Safety
	file     string
}

// Safety returns the newest safety plan of a person; without one, version 0. parts are the files that stand for the person (files.Store.Parts).
func (s *Store) Safety(ctx context.Context, parts []string) (SafetyVersion, error) {
	all, err := s.safeties(ctx, parts, 1)
	if err != nil || len(all) == 0 {
		return SafetyVersion{}, err
	}
	return all[0], nil
}

// SafetyHistory returns the versions of a person's safety plan, newest first.
func (s *Store) SafetyHistory(ctx context.Context, parts []string) ([]SafetyVersion, error) {
	return s.safeties(ctx, parts, mostVersions)
}

func (s *Store) safeties(ctx context.Context, parts []string, limit int) ([]SafetyVersion, error) {
	list, args := storage.In(parts)
	out, err := storage.Select(ctx, s.db, s.scanSafety, `SELECT file_id, version, at_ms, author, call_id, restored, sealed FROM safety_plans WHERE file_id IN `+list+`
		ORDER BY version DESC, at_ms DESC LIMIT ?`, append(args, limit)...)
	return out, wrap("safety plan", err)
}

// SaveSafety writes the next version of a person's safety plan. base is the version that the author saw, 0 for none; ErrStale when it is not the
// newest any more, ErrNotFound when the person was erased. An empty plan takes it back. The author's draft is gone then. parts[0] is where it is kept; the versions of all parts count as one list.
func (s *Store) SaveSafety(ctx context.Context, parts []string, base int64, plan Safety, call, author string) (SafetyVersion, error) {
	plan, err := plan.tidy()
	if err != nil {
		return SafetyVersion{}, err
	}
	return s.addSafety(ctx, parts, base, SafetyVersion{Author: author, Call: call, Plan: plan})
}

// RestoreSafety writes the content of an older version as the next one. ErrNotFound.
func (s *Store) RestoreSafety(ctx context.Context, parts []string, base, version int64, author string) (SafetyVersion, error) {
	all, err := s.SafetyHistory(ctx, parts)
	if err != nil {
		return SafetyVersion{}, err
	}
	for _, v := range all {
		if v.Version == version {
			return s.addSafety(ctx, parts, base, SafetyVersion{Author: author, Plan: v.Plan, Restored: version})
		}
	}
	return SafetyVersion{}, ErrNotFound
}

func (s *Store) addSafety(ctx context.Context, parts []string, base int64, v SafetyVersion) (SafetyVersion, error) {
	if len(parts) == 0 || v.Author == "" {
		return SafetyVersion{}, ErrInvalid
	}
	v.file, v.Version, v.At = parts[0], base+1, storage.Time(storage.Millis(s.now()))
	text, err := json.Marshal(v.Plan)
	if err != nil {
		return SafetyVersion{}, wrap("safety plan", err)
	}
	sealed, err := s.keys.Seal(string(text), safetyContext(v))
	if err != nil {
		return SafetyVersion{}, wrap("safety plan", err)
	}
	list, args := storage.In(parts)
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		var newest int64
		if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(version), 0) FROM safety_plans WHERE file_id IN `+list, args...).Scan(&newest); err != nil {
			return err
		}
		if newest != base {
			return ErrStale
		}
		if err := s.unerased(ctx, tx, v.file); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO safety_plans (file_id, version, at_ms, author, call_id, restored, sealed) VALUES (?,?,?,?,?,?,?)`, v.file, v.Version,
			storage.Millis(v.At), v.Author, v.Call, v.Restored, sealed)
		if storage.IsUnique(err) {
			return ErrStale
		}
		if err != nil || v.Restored != 0 { // an older state is not what the author was writing
			return err
		}
		return dropOfFile(ctx, tx, parts, DraftSafety, v.Author)
	})
	return v, wrap("safety plan", err)
}

func (s *Store) scanSafety(r storage.Row) (v SafetyVersion, err error) {
	var at int64
	var sealed []byte
	if err := r.Scan(&v.file, &v.Version, &at, &v.Author, &v.Call, &v.Restored, &sealed); err != nil {
		return v, err
	}
	v.At = storage.Time(at)
	text, err := s.keys.Open(sealed, safetyContext(v))
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(text), &v.Plan)
}

func safetyContext(v SafetyVersion) string { return fmt.Sprintf("safety:%s:%d", v.file, v.Version) }
