// Package skills changes the name of a skill everywhere at once: in the lines, of the people, and in the settings. Two become one in the same way.
package skills

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"hotline/agentui/settings"
	"hotline/agentui/users"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/storage"
	"hotline/storage/documents"
)

// Errors a caller branches on, besides what lines and settings refuse.
var (
	ErrName    = errors.New("skills: a name has letters, digits, - and _, at most 40")
	ErrUnknown = errors.New("skills: nobody has it and nothing asks for it")
)

// Use is where a skill is used.
type Use struct {
	Skill  string
	Lines  []string // that ask for it
	People int      // who have it
}

// Renamed is what a change came to.
type Renamed struct {
	People int
	Lines  bool // a new version of the lines was made
}

// Stores are where skills stand.
type Stores struct {
	Users    *users.Store
	Lines    *lines.Store
	Settings *settings.Store
}

// Store knows and changes them.
type Store struct {
	db *storage.DB
	s  Stores
}

// New uses stores of one database.
func New(db *storage.DB, s Stores) *Store { return &Store{db, s} }

// List is every skill that is asked for, had or named, by name.
func (s *Store) List(ctx context.Context) ([]Use, error) {
	policy, err := s.s.Lines.Current(ctx)
	if err != nil {
		return nil, err
	}
	people, err := s.s.Users.List(ctx)
	if err != nil {
		return nil, err
	}
	named, err := s.s.Settings.Current(ctx)
	if err != nil {
		return nil, err
	}
	found := map[string]Use{}
	for skill, where := range policy.Policy.SkillUse() {
		found[skill] = Use{Skill: skill, Lines: where}
	}
	for _, u := range people {
		for skill := range u.Skills {
			one := found[skill]
			one.Skill, one.People = skill, one.People+1
			found[skill] = one
		}
	}
	for _, n := range named.Doc.Skills {
		one := found[n.Skill]
		one.Skill = n.Skill
		found[n.Skill] = one
	}
	var out []Use
	for _, skill := range slices.Sorted(maps.Keys(found)) {
		out = append(out, found[skill])
	}
	return out, nil
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// Check tells whether a skill can be called otherwise: ErrName, ErrUnknown.
func (s *Store) Check(ctx context.Context, from, to string) error {
	if !nameRule.MatchString(to) || from == to {
		return ErrName
	}
	all, err := s.List(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(u Use) bool { return u.Skill == from }) {
		return ErrUnknown
	}
	return nil
}

// Rename calls a skill otherwise everywhere, in one transaction; when the other is there already, they become one and the higher level stays.
func (s *Store) Rename(ctx context.Context, from, to, by, note string) (out Renamed, err error) {
	if err := s.Check(ctx, from, to); err != nil {
		return out, err
	}
	rename := func(had queue.Skills) queue.Skills { return lines.RenameSkill(had, from, to) }
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		out = Renamed{}
		var err error
		if out.People, err = s.s.Users.RenameSkillIn(ctx, tx, rename, from, by); err != nil {
			return err
		}
		policy, err := s.s.Lines.Current(ctx)
		if err != nil {
			return err
		}
		if _, asked := policy.Policy.SkillUse()[from]; asked {
			if _, err := s.s.Lines.SaveIn(ctx, tx, policy.N, policy.Policy.RenameSkill(from, to), by, note); err != nil {
				return err
			}
			out.Lines = true
		}
		return s.renameInSettings(ctx, tx, from, to, by, note)
	})
	if err != nil {
		return Renamed{}, fmt.Errorf("skills: rename: %w", err)
	}
	return out, nil
}

func (s *Store) renameInSettings(ctx context.Context, tx *storage.Tx, from, to, by, note string) error {
	now, err := s.s.Settings.Current(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(now.Doc.Skills, func(n settings.SkillName) bool { return n.Skill == from })
	if i < 0 {
		return nil
	}
	doc := now.Doc
	doc.Skills = slices.Clone(doc.Skills)
	if slices.ContainsFunc(doc.Skills, func(n settings.SkillName) bool { return n.Skill == to }) {
		doc.Skills = slices.Delete(doc.Skills, i, i+1)
	} else {
		doc.Skills[i].Skill = to
	}
	_, err = s.s.Settings.AppendIn(ctx, tx, now.N, documents.Version[settings.Settings]{Doc: doc, By: by, Note: note, Origin: documents.OriginSaved})
	return err
}
