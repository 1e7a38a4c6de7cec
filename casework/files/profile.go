package files

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"hotline/storage"
)

// Profile is what is known of a person without a name: nothing of it finds anybody.
type Profile struct {
	CalledAs  string // how the person wants to be called; sealed
	BirthYear int    // 0: not known
	AgeBand   string // of [AgeBands]; "" not known. A year of birth gives it by itself
	Sex       string // of [Sexes]; "" not known
	Region    string // where the person lives, as the site names it; "" not known
}

// AgeBands are the bands of the statistics, youngest first.
func AgeBands() []string {
	return []string{"under_14", "14_17", "18_24", "25_34", "35_44", "45_59", "60_up"}
}

// Sexes are the words for a person's sex.
func Sexes() []string { return []string{"female", "male", "other"} }

// Bounds of a profile.
const (
	MostCalled = 40 // characters
	MostRegion = 60
)

// Band is the age band at a time: by the year of birth when it is known (whoever has a birthday still to come in that year counts as the
// younger: a minor is not missed), else as somebody judged it.
func (p Profile) Band(now time.Time) string {
	if p.BirthYear == 0 {
		return p.AgeBand
	}
	age := now.Year() - p.BirthYear - 1
	for i, from := range []int{14, 18, 25, 35, 45, 60} {
		if age < from {
			return AgeBands()[i]
		}
	}
	return AgeBands()[len(AgeBands())-1]
}

// Minor tells whether the person is, or may be, under 18.
func (p Profile) Minor(now time.Time) bool { b := p.Band(now); return b == "under_14" || b == "14_17" }

// Child tells whether the person is, or may be, under 14: what is kept of them needs a guardian's consent, except in an emergency.
func (p Profile) Child(now time.Time) bool { return p.Band(now) == "under_14" }

func (p Profile) tidy(now time.Time) (Profile, error) {
	p.CalledAs, p.Region = strings.TrimSpace(p.CalledAs), strings.TrimSpace(p.Region)
	switch {
	case utf8.RuneCountInString(p.CalledAs) > MostCalled, utf8.RuneCountInString(p.Region) > MostRegion, !utf8.ValidString(p.CalledAs + p.Region):
	case p.BirthYear != 0 && (p.BirthYear < now.Year()-120 || p.BirthYear > now.Year()):
	case p.AgeBand != "" && !slices.Contains(AgeBands(), p.AgeBand), p.Sex != "" && !slices.Contains(Sexes(), p.Sex):
	default:
		return p, nil
	}
	return p, ErrInvalid
}

// SetProfile writes what is known of a person, whole, and does what else belongs to it in the same transaction: an error of that undoes it. ErrInvalid when a
// value is none of those that are known.
func (s *Store) SetProfile(ctx context.Context, file string, p Profile, by string, also ...func(context.Context, *storage.Tx) error) (File, error) {
	p, err := p.tidy(s.now())
	if err != nil {
		return File{}, err
	}
	root := ""
	err = s.db.InTx(ctx, func(tx *storage.Tx) error {
		if root, err = rootOf(ctx, tx, file); err != nil {
			return err
		}
		var called []byte
		if p.CalledAs != "" {
			if called, err = s.keys.Seal(p.CalledAs, calledContext(root)); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE files SET birth_year = ?, age_band = ?, sex = ?, region = ?, called_sealed = ? WHERE id = ?`,
			p.BirthYear, p.AgeBand, p.Sex, p.Region, called, root); err != nil {
			return err
		}
		for _, do := range also {
			if err := do(ctx, tx); err != nil {
				return err
			}
		}
		return s.act(ctx, tx, Act{Kind: ActProfile, File: root, By: by})
	})
	if err != nil {
		return File{}, wrap("profile", err)
	}
	return s.Get(ctx, root)
}
