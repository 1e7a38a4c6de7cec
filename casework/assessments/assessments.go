// Package assessments keeps what was asked and found about the danger of a call: whether suicide was asked about, scales with their scores, hope, distress
// and intent before and after, the level and how it came to be, and who confirmed that it became lower. Rows are only added; words and answers are sealed.
// Scores are made elsewhere (crisis/scales): each record names the form, the rule and the definition by which it was made.
package assessments

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"hotline/casework"
	"hotline/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Errors a caller branches on.
var (
	// ErrInvalid says that something that must be told is missing, or is none of what can be told.
	ErrInvalid    = errors.New("assessments: what is said cannot be kept")
	ErrNotFound   = errors.New("assessments: there is no such proposal")
	ErrSamePerson = errors.New("assessments: a second person confirms, not who proposed")
	ErrDecided    = errors.New("assessments: the proposal is decided")
	// ErrOpen says that another proposal of the call is not decided yet.
	ErrOpen = errors.New("assessments: the call has a proposal already")
	// ErrStale says that the level was said anew after the proposal.
	ErrStale = errors.New("assessments: the level has changed since")
)

// MostWords is how many characters a reason has at most, LeastWords how few one has that is needed.
const (
	LeastWords = 3
	MostWords  = 500
)

// Store is the tables.
type Store struct {
	db   *storage.DB
	keys casework.Sealer
	now  func() time.Time
}

// Open brings the tables to their newest form; several processes may do it at once.
func Open(ctx context.Context, db *storage.DB, keys casework.Sealer) (*Store, error) {
	if err := db.MigrateEmbedded(ctx, "assessments", migrations); err != nil {
		return nil, wrap("tables", err)
	}
	return &Store{db, keys, time.Now}, nil
}

// NewID is a name for a row that is written until the database takes it: written twice, it is there once.
func NewID() string { return ulid.Make().String() }

func (s *Store) instant() time.Time { return storage.Time(storage.Millis(s.now())) }

// seal seals words for one row; none stay none.
func (s *Store) seal(words, id string) ([]byte, error) {
	if words == "" {
		return nil, nil
	}
	return s.keys.Seal(words, sealedAs(id))
}

func (s *Store) open(sealed []byte, id string) (string, error) {
	if sealed == nil {
		return "", nil
	}
	return s.keys.Open(sealed, sealedAs(id))
}

func sealedAs(id string) string { return "assessment:" + id }

// reason trims words and refuses ones that are too long, or too short when there must be some.
func reason(words string, needed bool) (string, error) {
	words = strings.TrimSpace(words)
	n := utf8.RuneCountInString(words)
	if !utf8.ValidString(words) || n > MostWords || needed && n < LeastWords {
		return "", fmt.Errorf("%w: a reason of %d to %d characters", ErrInvalid, LeastWords, MostWords)
	}
	return words, nil
}

func newest[R any](all []R) (last R, ok bool) {
	if len(all) == 0 {
		return last, false
	}
	return all[len(all)-1], true
}

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("assessments: %s: %w", op, err)
}
