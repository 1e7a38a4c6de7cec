package statistics

import (
	"context"
	"fmt"
	"strings"

	"hotline/storage"
	"hotline/storage/documents"
)

// Params is what the administrator decides of the statistics: one version of a document.
type Params struct {
	// Home are the beginnings of the Chinese names of places that are local, such as "北京" or "广东省深圳": what a number's first digits say.
	Home []string `json:"home"`
	// Repeat is with how many contacts in a period somebody is a repeat caller.
	Repeat int `json:"repeat"`
	// Small is the smallest count but 0 that the public view shows.
	Small int `json:"small"`
	// PublicStep is how long the periods of the public view are: month, quarter or year. One only: two of them together would tell what each hides.
	PublicStep Step `json:"public_step"`
	// PublicFrom is the first year of the public view.
	PublicFrom int `json:"public_from"`
}

// FirstParams holds before anybody saved.
func FirstParams() Params {
	return Params{Home: []string{}, Repeat: 3, Small: 5, PublicStep: Quarter, PublicFrom: 2025}
}

// Validate tells everything that is wrong, as documents.Faults.
func (p Params) Validate() error {
	var fs documents.Faults
	if fs.Count("home", len(p.Home), 40) {
		for i, name := range p.Home {
			fs.Text(fmt.Sprintf("home[%d]", i), name, 30, true)
		}
	}
	fs.Range("repeat", p.Repeat, 2, 50)
	fs.Range("small", p.Small, 3, 50)
	documents.Choice(&fs, "public_step", p.PublicStep, Month, Quarter, Year)
	fs.Range("public_from", p.PublicFrom, 2000, 2999)
	return fs.Err()
}

// ParamsVersion is one state of them.
type ParamsVersion = documents.Version[Params]

// OpenParams opens the document.
func OpenParams(ctx context.Context, db *storage.DB) (*documents.Store[Params], error) {
	return documents.Open(ctx, db, documents.Kind[Params]{Name: "statistics", First: FirstParams, Check: Params.Validate})
}

// local tells whether a place is one of the site's own; false also when it is not known.
func (p Params) local(place string) bool {
	for _, home := range p.Home {
		if home = strings.TrimSpace(home); home != "" && strings.HasPrefix(place, home) {
			return true
		}
	}
	return false
}
