// Package phonebook keeps the numbers of those outside whom a counsellor may bring into a talk: police, ambulance, hospitals, agencies. It is one
// document in versions. Besides, a number may be typed for one call (a caller's family): that is sealed, bound to the call, and erased after four hours.
package phonebook

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"hotline/storage"
	"hotline/storage/documents"
)

// Kind says what is behind a number.
type Kind string

// The kinds. AdHoc is that of a number typed for one call; the book has none of them.
const (
	Police    Kind = "police"
	Ambulance Kind = "ambulance"
	Fire      Kind = "fire"
	Hospital  Kind = "hospital"
	Agency    Kind = "agency"
	Other     Kind = "other"
	AdHoc     Kind = "adhoc"
)

// Kinds of the book, in the order in which they are shown.
func Kinds() []Kind { return []Kind{Police, Ambulance, Fire, Hospital, Agency, Other} }

// emergency: a short number of three to six digits is one that an emergency service has.
func (s Kind) emergency() bool { return s == Police || s == Ambulance || s == Fire }

// Entry is one number of the book.
type Entry struct {
	ID     string          `json:"id"` // stays the same when the entry is changed; 1 to 40 letters, digits, hyphens and underscores
	Kind   Kind            `json:"kind"`
	Names  documents.Words `json:"names"`
	Number string          `json:"number"` // as the person wrote it; [Book.number] says what is dialled
	Note   string          `json:"note"`   // opening hours, whom to ask for; at most 300 characters

	Regions Regions `json:"regions"` // where it serves; none: everywhere
}

// Book is the document: its order is that of the screen.
type Book struct {
	Entries []Entry `json:"entries"`
}

// MostEntries bounds a book.
const MostEntries = 500

// Validate tells everything that is wrong, as documents.Faults. region (ISO 3166) is where a number without a country belongs.
func (b Book) Validate(region string) error {
	var fs documents.Faults
	if !fs.Count("entries", len(b.Entries), MostEntries) {
		return fs
	}
	ids := make([]string, len(b.Entries))
	for i, e := range b.Entries {
		field := fmt.Sprintf("entries[%d].", i)
		ids[i] = e.ID
		documents.Choice(&fs, field+"kind", e.Kind, Kinds()...)
		fs.Words(field+"names", e.Names, 60, true)
		fs.Text(field+"note", e.Note, 300, false)
		e.Regions.validate(&fs, field+"regions")
		if e.Number == "" {
			fs.Add(field+"number", documents.Missing)
		} else if _, err := dialled(e.Number, e.Kind, region); err != nil {
			fs.Add(field+"number", documents.BadNumber, "value", e.Number)
		}
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("entries[%d].id", i) })
	return fs.Err()
}

// ErrNumber says that a text is no number that can be dialled.
var ErrNumber = errors.New("phonebook: no telephone number that can be dialled")

// otherCity is an emergency number of another city, by its area code: "0571" and "120".
var otherCity = regexp.MustCompile(`^0[1-9][0-9]{1,2}1(?:10|19|20|22)$`)

// dialled is a number in the form in which it is dialled: E.164 with a plus, or the short number of an emergency service (also that of another city, by its
// area code: what is dialled without one reaches the city of the trunk) or of a service of the region as it is. Anything else is ErrNumber.
func dialled(number string, kind Kind, region string) (string, error) {
	text := strings.TrimSpace(number)
	if strings.Trim(text, "+0123456789 ()-") != "" || strings.LastIndex(text, "+") > 0 {
		return "", ErrNumber
	}
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
	if region == "CN" && kind.emergency() && !strings.HasPrefix(text, "+") && otherCity.MatchString(digits) {
		return digits, nil
	}
	short := !strings.HasPrefix(text, "+") && len(digits) >= 3 && len(digits) <= 6
	if short && kind.emergency() {
		return digits, nil
	}
	n, err := phonenumbers.Parse(text, region)
	switch {
	case err != nil:
		return "", ErrNumber
	case phonenumbers.IsValidNumber(n):
		return phonenumbers.Format(n, phonenumbers.E164), nil
	case short && kind != AdHoc && kind != Hospital && (phonenumbers.IsValidShortNumberForRegion(n, region) || len(digits) == 5):
		return digits, nil // a public service, such as 12320: those of a region are five digits that no list has whole
	}
	return "", ErrNumber
}

// seeds are the emergency numbers of a region, before anybody saved a book.
func seeds(region string) Book {
	if region != "CN" {
		return Book{Entries: []Entry{}}
	}
	entry := func(kind Kind, zh, en, number string) Entry {
		return Entry{ID: string(kind), Kind: kind, Names: documents.Words{"zh-CN": zh, "en": en}, Number: number}
	}
	return Book{Entries: []Entry{
		entry(Police, "报警 110", "Police 110", "110"), entry(Ambulance, "急救 120", "Ambulance 120", "120"), entry(Fire, "消防 119", "Fire brigade 119", "119"),
	}}
}

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("phonebook: there is no such number")
	ErrOver     = errors.New("phonebook: the number was for one call, and its time is over")
)

// sealer seals what is typed for one call; casework.Keys is one.
type sealer interface {
	Seal(plaintext, context string) ([]byte, error)
	Open(sealed []byte, context string) (string, error)
}

//go:embed migrations/*.sql
var migrations embed.FS

// Store keeps the book and the numbers of single calls.
type Store struct {
	Versions *documents.Store[Book]

	db     *storage.DB
	seal   sealer
	region string
	now    func() time.Time
}

// Open brings the tables to their newest form. region (ISO 3166) is where a number without a country belongs; in CN the book begins with 110, 120 and 119.
func Open(ctx context.Context, db *storage.DB, seal sealer, region string) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "phonebook", migrations); err != nil {
		return nil, wrap("open", err)
	}
	docs, err := documents.Open(ctx, db, documents.Kind[Book]{
		Name: "phonebook", First: func() Book { return seeds(region) }, Check: func(b Book) error { return b.Validate(region) },
	})
	if err != nil {
		return nil, wrap("open", err)
	}
	return &Store{docs, db, seal, region, time.Now}, nil
}

// Region is where a number without a country belongs.
func (s *Store) Region() string { return s.region }

// List is the book as it is now.
func (s *Store) List(ctx context.Context) ([]Entry, error) {
	v, err := s.Versions.Current(ctx)
	return v.Doc.Entries, wrap("list", err)
}

// Get is one entry of the book, or a number of one call (kind adhoc) without the number itself. ErrNotFound, ErrOver.
func (s *Store) Get(ctx context.Context, id string) (Entry, error) {
	if strings.HasPrefix(id, adHocPrefix) {
		_, label, err := s.typed(ctx, id)
		return Entry{ID: id, Kind: AdHoc, Names: documents.Words{"zh-CN": label, "en": label}}, err
	}
	all, err := s.List(ctx)
	if err != nil {
		return Entry{}, err
	}
	i := slices.IndexFunc(all, func(e Entry) bool { return e.ID == id })
	if i < 0 {
		return Entry{}, ErrNotFound
	}
	return all[i], nil
}

// Number is what is dialled for an id: E.164 with a plus, or a short number. ErrNotFound, ErrOver, ErrNumber.
func (s *Store) Number(ctx context.Context, id string) (string, error) {
	if strings.HasPrefix(id, adHocPrefix) {
		number, _, err := s.typed(ctx, id)
		return number, err
	}
	e, err := s.Get(ctx, id)
	if err != nil {
		return "", err
	}
	return dialled(e.Number, e.Kind, s.region)
}

// NumberFor is Number for a call: a number that was typed for another call is ErrNotFound.
func (s *Store) NumberFor(ctx context.Context, call, id string) (string, error) {
	if strings.HasPrefix(id, adHocPrefix) {
		var of string
		if err := s.db.QueryRow(ctx, `SELECT call_id FROM phonebook_adhoc WHERE id = ?`, id).Scan(&of); err != nil {
			return "", notFound("number", err)
		}
		if of != call {
			return "", ErrNotFound
		}
	}
	return s.Number(ctx, id)
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("phonebook: %s: %w", op, err)
}
