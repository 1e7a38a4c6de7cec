// Package referrals keeps to whom a person can be sent on, as one document in versions over the four levels of the network, and what became of each
// referral: who said so, when, and how it is known. Nothing counts as accepted because it was sent.
package referrals

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"hotline/storage/documents"
)

// Level is where in the network a service stands.
type Level string

// The four levels.
const (
	City      Level = "city"
	County    Level = "county"
	Township  Level = "township"
	Community Level = "community"
)

// Levels in the order in which they are shown.
func Levels() []Level { return []Level{City, County, Township, Community} }

// Kind says what a service is.
type Kind string

// The kinds.
const (
	Psychiatry Kind = "psychiatry" // a hospital, or a ward of one, that diagnoses and treats
	Hospital   Kind = "hospital"
	Counsel    Kind = "counselling"
	School     Kind = "school"
	Social     Kind = "social" // social work, civil affairs
	Women      Kind = "women_children"
	Legal      Kind = "legal"
	Rehab      Kind = "rehabilitation" // also of addictions
	Support    Kind = "support"        // groups, volunteers
	Other      Kind = "other"
)

// Kinds in the order in which they are shown.
func Kinds() []Kind {
	return []Kind{Psychiatry, Hospital, Counsel, School, Social, Women, Legal, Rehab, Support, Other}
}

// Opening is a time of the week at which a service is open.
type Opening struct {
	Days []int  `json:"days"` // 1 Monday to 7 Sunday; none: every day
	From string `json:"from"` // "08:30"
	To   string `json:"to"`   // "17:00"; not after From: over midnight; 00:00: up to midnight
}

// Service is one to whom a person can be sent on.
type Service struct {
	ID      string          `json:"id"` // stays the same when the service is changed
	Level   Level           `json:"level"`
	Kind    Kind            `json:"kind"`
	Names   documents.Words `json:"names"`
	Region  string          `json:"region"` // for whom it is, from the large to the small: "杭州市西湖区"
	Address string          `json:"address"`
	Phone   string          `json:"phone"`  // as a person reads it out
	Open    []Opening       `json:"open"`   // none: not known
	Note    string          `json:"note"`   // how one is taken in, what it costs, whom to ask for
	Closed  bool            `json:"closed"` // takes nobody any more; kept for what was sent there
}

// Directory is the document.
type Directory struct {
	Services []Service `json:"services"`
}

// MostServices bounds a directory.
const MostServices = 3000

// Validate tells everything that is wrong, as documents.Faults.
func (d Directory) Validate() error {
	var fs documents.Faults
	if !fs.Count("services", len(d.Services), MostServices) {
		return fs
	}
	ids := make([]string, len(d.Services))
	for i, s := range d.Services {
		at := fmt.Sprintf("services[%d].", i)
		ids[i] = s.ID
		documents.Choice(&fs, at+"level", s.Level, Levels()...)
		documents.Choice(&fs, at+"kind", s.Kind, Kinds()...)
		fs.Words(at+"names", s.Names, 80, true)
		fs.Text(at+"region", s.Region, 60, true)
		fs.Text(at+"address", s.Address, 200, false)
		fs.Text(at+"phone", s.Phone, 60, false)
		fs.Text(at+"note", s.Note, 500, false)
		if fs.Count(at+"open", len(s.Open), 14) {
			for j, o := range s.Open {
				o.check(&fs, fmt.Sprintf("%sopen[%d].", at, j))
			}
		}
	}
	fs.IDs(ids, func(i int) string { return fmt.Sprintf("services[%d].id", i) })
	return fs.Err()
}

func (o Opening) check(fs *documents.Faults, at string) {
	for name, text := range map[string]string{"from": o.From, "to": o.To} {
		if _, ok := minutes(text); !ok {
			fs.Add(at+name, documents.BadClock, "value", text)
		}
	}
	for _, d := range o.Days {
		fs.Range(at+"days", d, 1, 7)
	}
}

// minutes reads "08:30".
func minutes(text string) (int, bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err == nil
}

// OpenAt tells whether a service is open at a time, whose zone is that of the site; known is false when its hours are not written down.
func (s Service) OpenAt(t time.Time) (open, known bool) {
	now := t.Hour()*60 + t.Minute()
	today := int(t.Weekday()+6)%7 + 1
	before := (today+5)%7 + 1
	for _, o := range s.Open {
		from, ok1 := minutes(o.From)
		to, ok2 := minutes(o.To)
		if !ok1 || !ok2 {
			continue
		}
		on := func(day int) bool { return len(o.Days) == 0 || slices.Contains(o.Days, day) }
		over := to <= from // over midnight, or the whole day
		if on(today) && now >= from && (over || now < to) || over && on(before) && now < to {
			return true, true
		}
	}
	return false, len(s.Open) > 0
}

// Query says what is looked for; what is empty does not matter.
type Query struct {
	Words  string // all of them must be found somewhere in what is written of a service
	Region string // part of its region
	Level  Level
	Kind   Kind
	OpenAt time.Time // not zero: open at that time, or with hours that are not known
}

// Find returns the services that fit, those whose name fits best first. Closed ones are left out.
func (d Directory) Find(q Query) []Service {
	words := strings.Fields(plain(q.Words))
	region := plain(q.Region)
	var out []Service
	for _, s := range d.Services {
		if s.Closed || q.Level != "" && s.Level != q.Level || q.Kind != "" && s.Kind != q.Kind || !strings.Contains(plain(s.Region), region) {
			continue
		}
		if !q.OpenAt.IsZero() {
			if open, known := s.OpenAt(q.OpenAt); known && !open {
				continue
			}
		}
		text := plain(s.text())
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		out = append(out, s)
	}
	slices.SortStableFunc(out, func(a, b Service) int { return cmp.Compare(a.fit(words), b.fit(words)) })
	return out
}

func (s Service) text() string {
	all := []string{s.Region, s.Address, s.Phone, s.Note}
	for _, name := range s.Names {
		all = append(all, name)
	}
	return strings.Join(all, "\n")
}

// fit is smaller the better the words fit a service's name.
func (s Service) fit(words []string) int {
	missing := 0
	for _, w := range words {
		if !slices.ContainsFunc([]string{s.Names["zh-CN"], s.Names["en"]}, func(name string) bool { return strings.Contains(plain(name), w) }) {
			missing++
		}
	}
	return missing
}

// plain is a text as it is compared: full-width and half-width letters, large and small ones are the same, and spaces are one.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(width.Fold.String(text)), unicode.IsSpace), " ")
}
