package storage

import "strings"

// Condition is one on the id of a subject, in SQL: each "?" in it stands for where that id is. The package that owns the tables makes it, of constants alone;
// another can ask by it within a search of its own, without knowing what it looks at.
type Condition string

// On is the condition on a literal, or on a column with its table's name: one that no condition uses, as a condition has tables of its own and a name means the
// nearest.
func (c Condition) On(id string) string { return "(" + strings.ReplaceAll(string(c), "?", id) + ")" }

// Not is its opposite.
func (c Condition) Not() Condition { return Condition("NOT (" + string(c) + ")") }

// And is so where both are.
func (c Condition) And(other Condition) Condition {
	return Condition("(" + string(c) + ") AND (" + string(other) + ")")
}

// AnyOf is so where one of them is, or more; of none it never is.
func AnyOf(of ...Condition) Condition {
	all := make([]string, 0, len(of)+1)
	for _, c := range of {
		all = append(all, "("+string(c)+")")
	}
	if len(all) == 0 {
		all = append(all, "1 = 0")
	}
	return Condition(strings.Join(all, " OR "))
}

// Exists is so where a SELECT, with "?" for the id, finds a row. It is asked of one row after another, by an index: a search reads as many rows as its page
// needs. Left to choose, PostgreSQL joins with all that is kept before it gives the first row, which takes seconds when several are together; it does not look
// into a SELECT with an OFFSET.
func Exists(query string) Condition { return Condition("EXISTS (" + query + " LIMIT 1 OFFSET 0)") }

// Condition is the question as one on its subject's id.
func (l Live) Condition() Condition {
	return Exists("SELECT 1 FROM " + l.From + " WHERE " + l.ID + " = ?" + l.and())
}

// Set is a SELECT of ids, of constants alone: of all subjects of which something is so, some of them more than once. Where they are few, a search that looks
// through them is done at once; by a [Condition] alone it would look through everything else.
type Set string

// Union is what is in one of some sets, or more; there must be one.
func Union(of ...Set) Set {
	all := make([]string, len(of))
	for i, s := range of {
		all[i] = string(s)
	}
	return Set(strings.Join(all, " UNION ALL "))
}

// Set is every subject of which it is so.
func (l Live) Set() Set {
	return Set("SELECT " + l.ID + " FROM " + l.From + " WHERE TRUE" + l.and())
}

func (l Live) and() string {
	if l.Where == "" {
		return ""
	}
	return " AND (" + l.Where + ")"
}
