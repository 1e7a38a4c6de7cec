package forms

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed first/*.json
var files embed.FS

// begin is the order of the forms that the program begins with.
func begin() []string {
	return []string{"screener", "history", "twelve", "phq9", "gad7", "bsrs", "registration", "handling", "assessment", "report24"}
}

// First is what holds before an administrator changed anything. The words are our own; of known instruments only the constructs and the rules are used.
func First() (Forms, error) {
	var out Forms
	for _, name := range begin() {
		raw, err := files.ReadFile("first/" + name + ".json")
		if err != nil {
			return Forms{}, fmt.Errorf("forms: %w", err)
		}
		var f Form
		if err := json.Unmarshal(raw, &f); err != nil {
			return Forms{}, fmt.Errorf("forms: %s: %w", name, err)
		}
		out.Forms = append(out.Forms, f)
	}
	return out, nil
}
