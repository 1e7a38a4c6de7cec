package imports

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"hotline/agentui/imports/table"
	"hotline/agentui/users"
	"hotline/casework/phonebook"
	"hotline/casework/referrals"
	"hotline/casework/roster"
	"hotline/queue/lines"
	"hotline/storage"
	"hotline/storage/documents"
)

// Stores are what files go into.
type Stores struct {
	Users     *users.Store
	Phonebook *phonebook.Store
	Roster    *roster.Store
	Lines     *lines.Store
	Referrals *referrals.Store
}

func (s Stores) kinds() map[string]kind {
	return map[string]kind{"users": people{s.Users}, "phonebook": s.phonebook(), "roster": s.roster(), "holidays": s.holidays(), "services": s.services()}
}

// word finds what a cell means: a name itself, or one of its words.
func word(cell string, words map[string][]string) string {
	for id, all := range words {
		if strings.EqualFold(cell, id) || slices.ContainsFunc(all, func(w string) bool { return strings.EqualFold(cell, w) }) {
			return id
		}
	}
	return cell
}

func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()[:12]) }

// regionsOf reads a cell with regions, by whatever people part them.
func regionsOf(cell string) phonebook.Regions {
	return strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune("、,，;； /", r) })
}

func (s Stores) phonebook() kind {
	d := versioned(s.Phonebook.Versions)
	d.heads = []Column{
		{"name_zh", "名称", "Name", true, "市第七人民医院"}, {"name_en", "英文名称", "English name", false, "Hospital No. 7"}, {"kind", "类别", "Kind", true, "医院"},
		{"number", "号码", "Number", true, "0571-85029595"}, {"note", "备注", "Note", false, "24 小时"}, {"regions", "地区", "Regions", false, "杭州、330106"},
	}
	d.column = map[string]string{"names.zh-CN": "name_zh", "names.en": "name_en", "kind": "kind", "number": "number", "note": "note", "regions": "regions"}
	kinds := map[string][]string{
		"police": {"报警", "警察", "公安"}, "ambulance": {"急救", "救护车"}, "fire": {"消防"}, "hospital": {"医院"}, "agency": {"机构", "部门"}, "other": {"其他", "其它"},
	}
	d.prepare = func(context.Context, phonebook.Book) (func(*phonebook.Book, *Line) string, error) {
		return func(b *phonebook.Book, l *Line) string {
			e := phonebook.Entry{
				Kind: phonebook.Kind(word(l.Cells["kind"], kinds)), Names: documents.Words{"zh-CN": l.Cells["name_zh"]}, Number: l.Cells["number"], Note: l.Cells["note"],
				Regions: regionsOf(l.Cells["regions"]),
			}
			i := slices.IndexFunc(b.Entries, func(old phonebook.Entry) bool { return old.Names["zh-CN"] == e.Names["zh-CN"] })
			if en, given := l.Cells["name_en"]; given && en != "" {
				e.Names["en"] = en
			}
			if i < 0 {
				e.ID = newID("c-")
				b.Entries = append(b.Entries, e)
				return indexed("entries", len(b.Entries)-1)
			}
			l.State = StateUnchanged
			old := b.Entries[i]
			if _, given := l.Cells["note"]; !given {
				e.Note = old.Note
			}
			if _, given := l.Cells["regions"]; !given {
				e.Regions = old.Regions
			}
			if e.Names["en"] == "" && old.Names["en"] != "" {
				e.Names["en"] = old.Names["en"]
			}
			l.change("kind", string(old.Kind), string(e.Kind))
			l.change("name_en", old.Names["en"], e.Names["en"])
			l.change("number", old.Number, e.Number)
			l.change("note", old.Note, e.Note)
			l.change("regions", strings.Join(old.Regions, "、"), strings.Join(e.Regions, "、"))
			e.ID = old.ID
			b.Entries[i] = e
			return indexed("entries", i)
		}, nil
	}
	return d
}

func (s Stores) roster() kind {
	d := versioned(s.Roster.Versions)
	d.heads = []Column{
		{"person", "用户名", "Username", true, "agent1"}, {"role", "岗位", "Role", true, "咨询员"}, {"date", "日期", "Date", true, "2026-12-01"},
		{"from", "开始", "From", true, "22:00"}, {"to", "结束", "To", true, "06:00"}, {"line", "线路", "Line", false, ""}, {"skill", "技能", "Skill", false, ""},
		{"note", "备注", "Note", false, ""},
	}
	d.column = map[string]string{"person": "person", "role": "role", "date": "date", "from": "from", "to": "to", "line": "line", "skill": "skill", "note": "note"}
	roles := map[string][]string{"counsellor": {"咨询员", "咨询", "agent"}, "supervisor": {"督导"}}
	d.prepare = func(ctx context.Context, _ roster.Roster) (func(*roster.Roster, *Line) string, error) {
		all, err := s.Users.List(ctx)
		if err != nil {
			return nil, err
		}
		ids := map[string]string{}
		for _, u := range all {
			ids[u.Username] = string(u.ID)
		}
		return func(r *roster.Roster, l *Line) string {
			person, known := ids[strings.ToLower(l.Cells["person"])]
			if !known {
				l.fault("person", documents.Unknown, "value", l.Cells["person"])
				return ""
			}
			w := roster.Shift{Date: date(l, "date"), Work: roster.Work{
				Person: person, Role: roster.Role(word(l.Cells["role"], roles)), From: clock(l, "from"), To: clock(l, "to"), Line: l.Cells["line"], Skill: l.Cells["skill"],
				Note: l.Cells["note"],
			}}
			if w.To == "24:00" { // midnight that ends a day
				w.To = "00:00"
			}
			i := slices.IndexFunc(r.Shifts, func(old roster.Shift) bool { return old.Person == w.Person && old.Date == w.Date && old.From == w.From })
			if i < 0 {
				w.ID = newID("s-")
				r.Shifts = append(r.Shifts, w)
				return indexed("shifts", len(r.Shifts)-1)
			}
			l.State = StateUnchanged
			old := r.Shifts[i]
			l.change("role", string(old.Role), string(w.Role))
			l.change("to", old.To, w.To)
			l.change("line", old.Line, w.Line)
			l.change("skill", old.Skill, w.Skill)
			l.change("note", old.Note, w.Note)
			w.ID = old.ID
			r.Shifts[i] = w
			return indexed("shifts", i)
		}, nil
	}
	return d
}

// date and clock read a cell as a spreadsheet may keep it; what cannot be read stays as it is, for the document to refuse.
func date(l *Line, column string) string {
	if d, ok := table.Date(l.Cells[column]); ok {
		l.Cells[column] = d
	}
	return l.Cells[column]
}

func clock(l *Line, column string) string {
	if c, ok := table.Clock(l.Cells[column]); ok && l.Cells[column] != "" {
		l.Cells[column] = c
	}
	return l.Cells[column]
}

func (s Stores) holidays() kind {
	return document[lines.Policy]{
		heads: []Column{
			{"date", "日期", "Date", true, "2026-10-01"}, {"line", "线路", "Line", false, "12355"}, {"from", "开始", "From", false, "09:00"}, {"to", "结束", "To", false, "17:00"},
			{"name", "名称", "Name", false, "国庆节"},
		},
		column: map[string]string{"date": "date", "from": "from", "to": "to", "name": "name"},
		check:  func(p lines.Policy) error { return p.ValidateFor(s.Lines.Site()) },
		current: func(ctx context.Context) (lines.Policy, int, error) {
			v, err := s.Lines.Current(ctx)
			return v.Policy, v.N, err
		},
		save: func(ctx context.Context, tx *storage.Tx, base int, p lines.Policy, by, note string) (int, error) {
			v, err := s.Lines.SaveIn(ctx, tx, base, p, by, note)
			return v.N, err
		},
		prepare: func(context.Context, lines.Policy) (func(*lines.Policy, *Line) string, error) { return putHoliday, nil },
	}
}

// putHoliday puts a day into one line; a line that is always open, and has no week, has no holidays either.
func putHoliday(p *lines.Policy, l *Line) string {
	i := slices.IndexFunc(p.Lines, func(one lines.Line) bool { return one.ID == l.Cells["line"] })
	if l.Cells["line"] == "" && len(p.Lines) == 1 {
		i = 0
	}
	if i < 0 {
		l.fault("line", documents.Unknown, "value", l.Cells["line"])
		return ""
	}
	h := lines.Holiday{Date: date(l, "date"), From: clock(l, "from"), To: clock(l, "to"), Name: l.Cells["name"]}
	hours := &p.Lines[i].Hours
	j := slices.IndexFunc(hours.Holidays, func(old lines.Holiday) bool { return old.Date == h.Date })
	place := func(j int) string { return indexed(indexed("lines", i)+".hours.holidays", j) }
	if j < 0 {
		hours.Holidays = append(hours.Holidays, h)
		return place(len(hours.Holidays) - 1)
	}
	l.State = StateUnchanged
	old := hours.Holidays[j]
	l.change("from", old.From, h.From)
	l.change("to", old.To, h.To)
	l.change("name", old.Name, h.Name)
	hours.Holidays[j] = h
	return place(j)
}
