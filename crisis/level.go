// Package crisis is what happens between "I have pills in my hand" and
// "somebody is with them": one function that every trigger enters, an incident
// as a pure function of what was told about it, its deadlines and effects in
// the database, and the policy that sets them. See docs/architecture.md,
// "Incidents".
package crisis

// Level is how much danger a person saw. It is neutral of colours: which three
// colours stand for low, moderate and high is a palette of the settings.
type Level string

// The levels, and what stands for a person whom nobody has assessed yet: that
// is not the same as [LevelNone], which somebody said.
const (
	Unassessed    Level = ""
	LevelNone     Level = "none"
	LevelLow      Level = "low"
	LevelModerate Level = "moderate"
	LevelHigh     Level = "high"
)

// Levels are all that a person can say, rising.
func Levels() []Level { return []Level{LevelNone, LevelLow, LevelModerate, LevelHigh} }

// Rank orders levels: 0 unassessed, 1 none, 2 low, 3 moderate, 4 high. A level
// that is none of these ranks as unassessed.
func (l Level) Rank() int {
	for i, known := range Levels() {
		if l == known {
			return i + 1
		}
	}
	return 0
}

// Valid tells whether l is one that a person can say: not unassessed.
func (l Level) Valid() bool { return l.Rank() > 0 }

// Over tells whether l is more danger than other.
func (l Level) Over(other Level) bool { return l.Rank() > other.Rank() }
