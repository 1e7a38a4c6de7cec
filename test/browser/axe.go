package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// axeFile is the checker of accessibility, among the web app's development dependencies.
const axeFile = "agentui/web/node_modules/axe-core/axe.min.js"

// Barriers are what of the page keeps people out: axe-core's serious and critical violations of WCAG 2.2 A and AA, each in a line. root is the
// folder of the repository.
func (p *Page) Barriers(root string) ([]string, error) {
	there, err := Eval[bool](p, `"axe" in window`)
	if err != nil {
		return nil, err
	}
	if !there {
		script, err := os.ReadFile(filepath.Join(root, axeFile))
		if err != nil {
			return nil, fmt.Errorf("page: axe-core: %w", err)
		}
		if _, err := Eval[bool](p, string(script)+"\n;true"); err != nil {
			return nil, fmt.Errorf("page: axe-core: %w", err)
		}
	}
	found, err := Eval[string](p, `axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }).then((r) => r.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.flatMap((v) => v.nodes.map((n) => v.impact + " " + v.id + " at " + n.target.join(" ") + ": " + (n.failureSummary ?? "").replace(/\s+/g, " ")))
		.join("\n"))`)
	if err != nil || found == "" {
		return nil, err
	}
	return strings.Split(found, "\n"), nil
}
