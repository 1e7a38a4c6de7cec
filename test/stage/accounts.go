package stage

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Call is a row of `hotline calls --json`.
type Call struct {
	ID     string `json:"call"`
	Line   string `json:"line"`
	State  string `json:"state"`
	Tier   string `json:"tier"`
	Agent  string `json:"agent"`
	Owner  string `json:"owner"`
	Node   string `json:"node"`
	Danger bool   `json:"danger"`
}

// Ended is a row of `hotline ledger --json`.
type Ended struct {
	ID      string `json:"call"`
	Line    string `json:"line"`
	Node    string `json:"node"`
	Outcome string `json:"outcome"`
	Cause   string `json:"cause"` // who ended it
	TalkMS  int64  `json:"talk_ms"`
	Danger  bool   `json:"danger"`
}

// Command runs a subcommand of the binary on this instance and returns what it printed.
func (s *Stage) Command(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	args = append(args, "--dir", s.Dir, "--port-base", strconv.Itoa(s.Base))
	cmd := exec.CommandContext(ctx, s.Binary, append(args, s.args...)...) // the same configuration: it names the site
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("stage: hotline %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return out, nil
}

// Calls lists the live calls.
func (s *Stage) Calls(ctx context.Context) ([]Call, error) {
	out, err := s.Command(ctx, "calls", "--json")
	if err != nil {
		return nil, err
	}
	return rows[Call](out)
}

// Ledger lists the calls that ended within the last hour.
func (s *Stage) Ledger(ctx context.Context) ([]Ended, error) {
	out, err := s.Command(ctx, "ledger", "--json", "--since", "1h")
	if err != nil {
		return nil, err
	}
	return rows[Ended](out)
}

// rows reads a JSON array.
func rows[T any](out []byte) ([]T, error) {
	var list []T
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("stage: not a JSON array: %w\n%s", err, out)
	}
	return list, nil
}

// Metric sums the samples of a metric whose line contains every one of labels (name="value"), as a role's /metrics tells.
func (s *Stage) Metric(ctx context.Context, url, name string, labels ...string) (float64, error) {
	body, err := fetch(ctx, url)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for line := range strings.Lines(string(body)) {
		if !strings.HasPrefix(line, name+" ") && !strings.HasPrefix(line, name+"{") {
			continue
		}
		if !slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(line, l) }) {
			fields := strings.Fields(line)
			v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
			if err != nil {
				return 0, fmt.Errorf("stage: metric %s: %w", name, err)
			}
			sum += v
		}
	}
	return sum, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("stage: get %s: %w", url, err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("stage: get %s: %w", url, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("stage: get %s: %s", url, res.Status)
	}
	return body, nil
}

// Logs are the files in which the instance writes what it does.
func (s *Stage) Logs() []string {
	files, _ := filepath.Glob(s.path("log", "*"))
	return append(files, s.path("up.out"))
}

// Mentions lists the places in every log where the text stands.
func (s *Stage) Mentions(text string) ([]string, error) {
	var found []string
	for _, file := range s.Logs() {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("stage: read log: %w", err)
		}
		lines := bufio.NewScanner(bytes.NewReader(raw))
		lines.Buffer(nil, len(raw)+1)
		for n := 1; lines.Scan(); n++ {
			if strings.Contains(lines.Text(), text) {
				found = append(found, fmt.Sprintf("%s:%d: %s", filepath.Base(file), n, lines.Text()))
			}
		}
	}
	return found, nil
}

// Lines are those that a log got since a time, which each line tells.
func (s *Stage) Lines(log string, since time.Time) ([]string, error) {
	raw, err := os.ReadFile(s.path("log", log))
	if err != nil {
		return nil, fmt.Errorf("stage: read log: %w", err)
	}
	var found []string
	for line := range strings.Lines(string(raw)) {
		rest, ok := strings.CutPrefix(line, "time=")
		stamp, _, _ := strings.Cut(rest, " ")
		if at, err := time.Parse(time.RFC3339, stamp); ok && err == nil && at.After(since) {
			found = append(found, line)
		}
	}
	return found, nil
}

// Story is the end of every log, for the report of a failed test.
func (s *Stage) Story(lines int) string {
	var b strings.Builder
	for _, file := range s.Logs() {
		name, err := filepath.Rel(s.Dir, file)
		if err != nil {
			name = file
		}
		fmt.Fprintf(&b, "--- %s\n%s\n", name, s.tail(name, lines))
	}
	return b.String()
}

func (s *Stage) tail(name string, lines int) string {
	raw, err := os.ReadFile(s.path(name))
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(raw), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Admin is the address of a role's /healthz, /readyz and /metrics.
func (s *Stage) Admin(role string) string {
	ports := map[string]int{"controller": 10, "gateway": 11, "worker": 12, "guardian": 13, "console": 7} // docs/operations.md
	for i, name := range s.each("controller", s.size.Controllers)[1:] {
		ports[name] = 22 + i
	}
	for i, name := range s.each("guardian", s.size.Nodes)[1:] {
		ports[name] = 32 + 4*i
	}
	return "http://127.0.0.1:" + strconv.Itoa(s.Port(ports[role]))
}

// Answers reports nothing when an address answers 200.
func (s *Stage) Answers(ctx context.Context, url string) error {
	_, err := fetch(ctx, url)
	return err
}

// Contains reports whether what an address answers contains the text.
func (s *Stage) Contains(ctx context.Context, url, text string) (bool, error) {
	body, err := fetch(ctx, url)
	return bytes.Contains(body, []byte(text)), err
}
