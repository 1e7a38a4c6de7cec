package web

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// firstScreenMost is how many bytes, packed by gzip, a counsellor's first screen may take: somebody at home begins a night shift with it.
const firstScreenMost = 350_000

// The pages and words that a counsellor's console fetches by itself after the sign-in, before a call needs them (views/care.ts).
var fetched = regexp.MustCompile(`^(CallContext|CallNotes|Disposition|DebriefAsk|SoftTimer|care)-`)

var (
	inPage   = regexp.MustCompile(`(?:src|href)="/assets/([^"]+\.(?:js|css))"`)
	imported = regexp.MustCompile(`(?:from|import)\s*"\./([^"]+\.js)"`)
)

func TestTheFirstScreenOfACounsellorIsSmall(t *testing.T) {
	page, err := fs.ReadFile(Dist, "dist/index.html")
	if err != nil {
		t.Fatal("the web app is not built; `make web` builds it: ", err)
	}
	var names []string
	for _, m := range inPage.FindAllSubmatch(page, -1) {
		names = append(names, string(m[1]))
	}
	all, err := fs.ReadDir(Dist, "dist/assets")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if ext := path.Ext(e.Name()); fetched.MatchString(e.Name()) && (ext == ".js" || ext == ".css") {
			names = append(names, e.Name())
		}
	}
	if len(names) < 8 {
		t.Fatalf("the page names only %q", names)
	}
	total := packed(t, "index.html")
	for i := 0; i < len(names); i++ { // grows while it goes: what a file imports is loaded, too
		total += packed(t, "assets/"+names[i])
		if path.Ext(names[i]) != ".js" {
			continue
		}
		body, err := fs.ReadFile(Dist, "dist/assets/"+names[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range imported.FindAllSubmatch(body, -1) {
			if name := string(m[1]); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	t.Logf("%d bytes in %d files", total, len(names))
	if total > firstScreenMost {
		t.Errorf("the first screen of a counsellor takes %d bytes, more than %d: %q", total, firstScreenMost, names)
	}
}

func packed(t *testing.T, name string) int {
	t.Helper()
	info, err := fs.Stat(Dist, "dist/"+name+".gz")
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Size())
}

// linesMost is how long a file of the console's source may be: one that is longer is read by nobody whole.
const linesMost = 400

func TestNoSourceOfTheConsoleIsTooLong(t *testing.T) {
	for root, kinds := range map[string][]string{"src": {".ts", ".vue", ".json", ".css"}, "..": {".go", ".sql"}} {
		err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist") {
				return filepath.SkipDir
			}
			if d.IsDir() || !slices.Contains(kinds, filepath.Ext(file)) {
				return nil
			}
			body, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if n := bytes.Count(body, []byte("\n")); n > linesMost {
				t.Errorf("%s has %d lines, more than %d", strings.TrimPrefix(file, "../"), n, linesMost)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
