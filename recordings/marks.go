package recordings

import (
	"regexp"
	"slices"
	"time"
)

// maxMarks bounds what one part may carry; the busiest talk has some dozens.
const maxMarks = 2000

// openEnd is the end of a span that lasts.
const openEnd = -1

// markAt is a mark in samples, and its form in files. A later one with the same number replaces it.
type markAt struct {
	N    int      `json:"n"`
	Kind MarkKind `json:"kind"`
	From int64    `json:"from"`
	To   int64    `json:"to"` // openEnd while it lasts
	Who  string   `json:"who,omitempty"`
	Code string   `json:"code,omitempty"`
}

var (
	kindRule = regexp.MustCompile(`^[a-z]{1,16}$`)
	whoRule  = regexp.MustCompile(`^[0-9A-Za-z_.@-]{0,64}$`)
	codeRule = regexp.MustCompile(`^[0-9a-z_-]{0,32}$`)
)

// codeOther stands for a word that may not be kept in clear.
const codeOther = "other"

// tidy keeps words out that may not lie in clear: the mark stays.
func (m *markAt) tidy() {
	if !kindRule.MatchString(string(m.Kind)) {
		m.Kind = codeOther
	}
	if !whoRule.MatchString(m.Who) {
		m.Who = ""
	}
	if !codeRule.MatchString(m.Code) {
		m.Code = codeOther
	}
	m.From = min(max(m.From, 0), maxSamples)
	if m.To != openEnd {
		m.To = min(max(m.To, m.From), maxSamples)
	}
}

// isSeam tells whether a mark says that the recorder left a part there, because of the disk, and goes on in another.
func (m markAt) isSeam(at int64) bool {
	return m.Kind == MarkGap && m.Code == GapDisk && m.From == at && m.To == at
}

func (m markAt) valid() bool {
	t := m
	t.tidy()
	return t == m && m.N >= 0 && m.N < maxMarks
}

// markBook are the marks of a part being made. It is pure.
type markBook struct {
	all []markAt
}

// add files a mark and returns it as it is kept; ok is false when there are too many.
func (b *markBook) add(m markAt) (markAt, bool) {
	if len(b.all) >= maxMarks {
		return m, false
	}
	m.N = len(b.all)
	m.tidy()
	b.all = append(b.all, m)
	return m, true
}

// end closes the newest open span of a kind; ok is false when there is none.
func (b *markBook) end(kind MarkKind, who string, at int64) (markAt, bool) {
	for i, m := range slices.Backward(b.all) {
		if m.Kind == kind && m.To == openEnd && m.Who == who {
			b.all[i].To = max(at, m.From)
			return b.all[i], true
		}
	}
	return markAt{}, false
}

// fold takes in a mark as it was read back from a file, in the order of the file.
func (b *markBook) fold(m markAt) {
	switch {
	case !m.valid() || m.N > len(b.all): // no writer makes it
	case m.N == len(b.all):
		b.all = append(b.all, m)
	default:
		b.all[m.N] = m
	}
}

// closed are the marks of a part that ended at a sample: what was open ends there, and nothing lies beyond.
func (b *markBook) closed(end int64) []markAt {
	out := slices.Clone(b.all)
	for i := range out {
		if out[i].To == openEnd {
			out[i].To = max(end, out[i].From)
		}
		out[i].From, out[i].To = min(out[i].From, end), min(out[i].To, end)
	}
	return out
}

func marksOf(marks []markAt) []Mark {
	out := make([]Mark, 0, len(marks))
	for _, m := range marks {
		out = append(out, Mark{Kind: m.Kind, From: timeOf(m.From), To: timeOf(m.To), Who: m.Who, Code: m.Code})
	}
	return sortMarks(out)
}

// sortMarks orders by time; what begins together, the longer first, as a player draws it below.
func sortMarks(marks []Mark) []Mark {
	slices.SortStableFunc(marks, func(a, b Mark) int {
		if a.From != b.From {
			return int(min(max(a.From-b.From, -1), 1))
		}
		return int(min(max(b.To-a.To, -1), 1))
	})
	return marks
}

// shift moves marks along a line.
func shift(marks []Mark, by time.Duration) []Mark {
	out := slices.Clone(marks)
	for i := range out {
		out[i].From, out[i].To = out[i].From+by, out[i].To+by
	}
	return out
}
