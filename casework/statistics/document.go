package statistics

import (
	"fmt"
	"strings"
)

// Document is docs/statistics.md: every definition as it is published, with the parameters that hold before anybody saved.
func Document() string {
	var b strings.Builder
	b.WriteString("# Statistics\n\nWritten by `UPDATE=1 go test ./casework/statistics -run TestDefinitionsAreWritten` from the code, and checked against it in every test run.\n\n" +
		"Numbers in a definition are the site's parameters; these are the first ones. Days, weeks (from Monday), months, quarters and years are those of the\n" +
		"site's time zone. Each column is counted by itself: numbers of people of several columns cannot be added up. What is kept by a part that is not\n" +
		"there is \"not counted yet\", never 0. The public view hides counts below a limit, and what would tell them: see\n" +
		"[decision 27](decisions/0027-figures-that-hold-and-lines-that-ask.md).\n")
	group := Group("")
	for _, f := range Definitions(FirstParams()) {
		if f.Group != group {
			group = f.Group
			fmt.Fprintf(&b, "\n## %s\n", map[Group]string{
				GroupVolume: "工作量 Volume", GroupReach: "接通 Reach", GroupWho: "来电者 Who called", GroupAbout: "来电内容 What it was about", GroupRisk: "风险与危机 Risk and crisis",
				GroupAfter: "后续 Afterwards", GroupStaff: "人员与培训 Staff and training",
			}[group])
		}
		fmt.Fprintf(&b, "\n### %s %s\n\n`%s`, version %d, %s, of %s", f.Names["zh-CN"], f.Names["en"], f.ID, f.Version, f.Unit, f.Origin)
		if f.Whole {
			b.WriteString(", not by line")
		}
		if f.Records {
			b.WriteString(", opens its records")
		}
		fmt.Fprintf(&b, "\n\n%s\n\n%s\n", f.Definition["zh-CN"], f.Definition["en"])
		if len(f.Parts) > 0 {
			b.WriteString("\n| part | 中文 | English |\n| --- | --- | --- |\n")
			for _, p := range f.Parts {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.ID, p.Names["zh-CN"], p.Names["en"])
			}
		}
	}
	return b.String()
}
