package reviews

import (
	"context"
	"errors"
	"fmt"

	"hotline/storage"
	"hotline/storage/documents"
)

// Sheet says what goes to review and by what it is scored: one version of the administrator's document.
type Sheet struct {
	Pick Pick `json:"pick"`
	// Levels are the marks that an item can have, from the lowest, which counts 0, to the highest; each step counts the same.
	Levels   []documents.Words `json:"levels"`
	Sections []Section         `json:"sections"`
}

// Pick says which talks go to review. Those of red calls always do.
type Pick struct {
	Share   int `json:"share"`    // thousandths of the other talks; 0: none
	Least   int `json:"least"`    // seconds; a shorter talk is not drawn
	RedDays int `json:"red_days"` // a talk in danger is reviewed within so many days
	Days    int `json:"days"`     // and every other within these
	// Monthly is of how many talks of each counsellor and calendar month there is a review at least, as far as there are such talks; what the share left out is
	// drawn when the month is over. 0: none.
	Monthly int `json:"monthly"`
}

// Section is a part of the sheet.
type Section struct {
	ID     string          `json:"id"` // stays the same in all versions: a trend follows it
	Names  documents.Words `json:"names"`
	Weight int             `json:"weight"` // its part in the whole, beside those of the other sections that are scored
	Items  []Item          `json:"items"`
}

// Item is one thing that is looked at.
type Item struct {
	ID    string          `json:"id"`
	Names documents.Words `json:"names"`
	Help  documents.Words `json:"help"` // what to listen for
	// Optional items may be said not to apply: they count nothing then.
	Optional bool `json:"optional"`
	// Critical items are told beside the total when they have the lowest mark. They change no figure: what was missed is no average.
	Critical bool `json:"critical"`
}

// Bounds of a sheet.
const (
	mostLevels   = 7
	mostSections = 12
	mostItems    = 20 // of a section
)

// Validate tells everything that is wrong, as documents.Faults.
func (s Sheet) Validate() error {
	var fs documents.Faults
	fs.Range("pick.share", s.Pick.Share, 0, 1000)
	fs.Range("pick.least", s.Pick.Least, 0, 3600)
	fs.Range("pick.red_days", s.Pick.RedDays, 1, 90)
	fs.Range("pick.days", s.Pick.Days, 1, 90)
	fs.Range("pick.monthly", s.Pick.Monthly, 0, 20)
	if len(s.Levels) < 2 {
		fs.Add("levels", documents.TooFew, "min", 2)
	}
	if fs.Count("levels", len(s.Levels), mostLevels) {
		for i, l := range s.Levels {
			fs.Words(fmt.Sprintf("levels[%d]", i), l, 30, true)
		}
	}
	if len(s.Sections) == 0 {
		fs.Add("sections", documents.TooFew, "min", 1)
	}
	if !fs.Count("sections", len(s.Sections), mostSections) {
		return fs
	}
	var sections, items, places []string
	for i, sec := range s.Sections {
		at := fmt.Sprintf("sections[%d]", i)
		sections = append(sections, sec.ID)
		fs.Words(at+".names", sec.Names, 40, true)
		fs.Range(at+".weight", sec.Weight, 1, 100)
		if len(sec.Items) == 0 {
			fs.Add(at+".items", documents.TooFew, "min", 1)
		}
		fs.Count(at+".items", len(sec.Items), mostItems)
		for j, item := range sec.Items {
			here := fmt.Sprintf("%s.items[%d]", at, j)
			items, places = append(items, item.ID), append(places, here+".id")
			fs.Words(here+".names", item.Names, 60, true)
			fs.Words(here+".help", item.Help, 300, false)
		}
	}
	fs.IDs(sections, func(i int) string { return fmt.Sprintf("sections[%d].id", i) })
	fs.IDs(items, func(i int) string { return places[i] })
	return fs.Err()
}

// top is what the highest mark counts.
func (s Sheet) top() int { return len(s.Levels) - 1 }

// OpenSheets opens the document. What the program begins with is saved as version 1: a sheet that was filled in must find its version unchanged after
// an update of the program.
func OpenSheets(ctx context.Context, db *storage.DB) (*documents.Store[Sheet], error) {
	docs, err := documents.Open(ctx, db, documents.Kind[Sheet]{Name: "score_sheet", First: First, Check: Sheet.Validate})
	if err != nil {
		return nil, err
	}
	now, err := docs.Current(ctx)
	if err != nil || now.N > 0 {
		return docs, err
	}
	if _, err := docs.Save(ctx, 0, First(), "system", ""); err != nil && !errors.Is(err, documents.ErrStale) { // another process was first
		return nil, err
	}
	return docs, nil
}
