package queue

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	maxSteps = 16
	maxGroup = EveryGroup
	maxReds  = 16
)

// guardMark begins the skill that stands for being let in to a line; a skill that people give each other has letters, digits, - and _ only.
const guardMark = "@"

// Guard is the skill of who is let in to a line by the site's requirements (training, supervision, qualifications). A line for which something is
// required needs it; no relaxation names it, so that it never gives way by itself.
func Guard(line LineID) string { return guardMark + string(line) }

// Guarded tells whether a skill is one of [Guard], and of which line.
func Guarded(skill string) (LineID, bool) {
	line, ok := strings.CutPrefix(skill, guardMark)
	return LineID(line), ok
}

// WithoutGuards is skills as people know them.
func (s Skills) WithoutGuards() Skills {
	guard := func(name string, _ int) bool { return strings.HasPrefix(name, guardMark) }
	for name := range s {
		if strings.HasPrefix(name, guardMark) {
			out := maps.Clone(s)
			maps.DeleteFunc(out, guard)
			return out
		}
	}
	return s
}

// Relaxed returns the requirement after each step, in the order of the steps. A step never raises a level, and never lowers one below its floor;
// ErrInvalid for a step out of order, a negative span or level, or more than 16 steps.
func Relaxed(needs Skills, steps []Relaxation, floors Skills) ([]Skills, error) {
	if len(steps) > maxSteps || !slices.IsSortedFunc(steps, func(a, b Relaxation) int { return cmp.Compare(a.After, b.After) }) {
		return nil, fmt.Errorf("relaxation: %w: at most %d steps, in the order of their times", ErrInvalid, maxSteps)
	}
	now, out := maps.Clone(needs), make([]Skills, 0, len(steps))
	for _, s := range steps {
		if s.After < 0 || s.By < 0 || s.To < 0 || s.To > 10 {
			return nil, fmt.Errorf("relaxation of %q: %w: negative, or a level above 10", s.Skill, ErrInvalid)
		}
		if level := now[s.Skill]; level > 0 {
			to := s.To
			if s.By > 0 {
				to = level - s.By
			}
			to = min(level, max(to, floors[s.Skill]))
			if to > 0 {
				now[s.Skill] = to
			} else {
				delete(now, s.Skill)
			}
		}
		out = append(out, maps.Clone(now))
	}
	return out, nil
}

// stepRows writes relaxations as the scripts need them: a script chooses a step, it never computes one.
func stepRows(needs Skills, steps []Relaxation, floors Skills) ([]stepRow, error) {
	after, err := Relaxed(needs, steps, floors)
	if err != nil {
		return nil, err
	}
	var rows []stepRow
	for i, s := range steps {
		if err := checkID("skill", s.Skill); err != nil {
			return nil, fmt.Errorf("relaxation: %w", err)
		}
		need, err := skillText(after[i])
		if err != nil {
			return nil, err
		}
		rows = append(rows, stepRow{After: s.After.Milliseconds(), Skill: s.Skill, By: s.By, To: s.To, Need: need})
	}
	return rows, nil
}

// Text is the canonical form of valid skills, "crisis:2,mandarin:1", "-" for none: what the buckets of the index are called.
func (s Skills) Text() string {
	text, err := skillText(s)
	if err != nil {
		return ""
	}
	return text
}

// Fits reports whether skills satisfy a requirement.
func (s Skills) Fits(needs Skills) bool {
	for name, level := range needs {
		if s[name] < level {
			return false
		}
	}
	return true
}
