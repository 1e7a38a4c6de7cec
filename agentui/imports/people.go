package imports

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"hotline/agentui/users"
	"hotline/queue"
	"hotline/storage"
	"hotline/storage/documents"
)

// people takes in accounts of those who take calls. An account of an administrator or an auditor is neither made nor changed by a file; a new one stays
// shut until a security administrator opens it and gives a password.
type people struct{ store *users.Store }

func (people) columns() []Column {
	return []Column{
		{"username", "用户名", "Username", true, "wangwu"}, {"name", "姓名", "Name", true, "王五"}, {"role", "角色", "Role", true, "咨询员"},
		{"skills", "技能", "Skills", false, "mandarin:5 youth:3"}, {"group", "组", "Group", false, "0"}, {"locale", "语言", "Language", false, "zh-CN"},
	}
}

func (p people) compare(ctx context.Context, all []*Line) (plan, error) {
	known, err := p.store.List(ctx)
	if err != nil {
		return plan{}, err
	}
	var work []users.User
	seen := map[string]bool{}
	for _, l := range all {
		if l.State == StateWrong {
			continue
		}
		u := read(l)
		if seen[u.Username] {
			l.fault("username", documents.Twice, "value", u.Username)
		}
		seen[u.Username] = true
		i := slices.IndexFunc(known, func(old users.User) bool { return old.Username == u.Username })
		if i >= 0 {
			against(l, known[i], &u)
		}
		if l.State == StateNew || l.State == StateChanged {
			work = append(work, u)
		}
	}
	what, err := json.Marshal(work)
	return plan{what: what}, err
}

// read makes a person of a row, and notes everything that is wrong.
func read(l *Line) users.User {
	u := users.User{Username: strings.ToLower(l.Cells["username"]), Name: l.Cells["name"], Locale: "zh-CN", Disabled: true, Skills: queue.Skills{}}
	roles := map[string][]string{"agent": {"咨询员", "counsellor"}, "supervisor": {"督导"}}
	switch role := word(l.Cells["role"], roles); role {
	case string(users.Agent), string(users.Supervisor):
		u.Role = users.Role(role)
	default:
		l.fault("role", documents.BadChoice, "value", l.Cells["role"], "choices", "agent, supervisor")
	}
	if text := l.Cells["locale"]; text != "" {
		u.Locale = word(text, map[string][]string{"zh-CN": {"中文", "zh"}, "en": {"英文", "英语", "English"}})
		if u.Locale != "zh-CN" && u.Locale != "en" {
			l.fault("locale", documents.BadChoice, "value", text, "choices", "zh-CN, en")
		}
	}
	if text := l.Cells["group"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 99 {
			l.fault("group", documents.OutOfRange, "value", text, "min", 0, "max", 99)
		}
		u.Group = n
	}
	for _, one := range strings.FieldsFunc(l.Cells["skills"], func(r rune) bool { return strings.ContainsRune(" ,;，；、\n", r) }) {
		name, level, _ := strings.Cut(strings.ReplaceAll(one, "：", ":"), ":")
		n, err := strconv.Atoi(level)
		if err != nil || n < 1 || n > 10 {
			l.fault("skills", documents.OutOfRange, "value", one, "min", 1, "max", 10)
			continue
		}
		u.Skills[name] = n
	}
	if l.State != StateWrong {
		switch {
		case users.CheckUsername(u.Username) != nil:
			l.fault("username", documents.BadID, "value", u.Username)
		case users.CheckName(u.Name) != nil:
			l.fault("name", documents.TooLong, "max", 80)
		case u.Check() != nil:
			l.fault("skills", documents.BadID, "value", l.Cells["skills"])
		}
	}
	return u
}

// against compares a row with the account of that name. What the file does not say stays.
func against(l *Line, old users.User, u *users.User) {
	u.ID, u.Disabled = old.ID, old.Disabled
	if old.Role != users.Agent && old.Role != users.Supervisor || l.State != StateWrong && u.Role != old.Role {
		l.fault("role", NotByImport, "value", string(old.Role))
	}
	if l.State == StateWrong {
		return
	}
	if l.Cells["skills"] == "" {
		u.Skills = old.Skills
	}
	if l.Cells["group"] == "" {
		u.Group = old.Group
	}
	if l.Cells["locale"] == "" {
		u.Locale = old.Locale
	}
	l.State = StateUnchanged
	l.change("name", old.Name, u.Name)
	l.change("locale", old.Locale, u.Locale)
	l.change("group", strconv.Itoa(old.Group), strconv.Itoa(u.Group))
	if !maps.Equal(old.Skills, u.Skills) {
		l.change("skills", skillText(old.Skills), skillText(u.Skills))
	}
}

// NotByImport says that an account's role is not changed by a file; params: value, the role that it has.
const NotByImport documents.Code = "not_by_import"

func skillText(s queue.Skills) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s)) {
		all = append(all, fmt.Sprintf("%s:%d", name, s[name]))
	}
	return strings.Join(all, " ")
}

func (p people) apply(ctx context.Context, tx *storage.Tx, pl plan, by, note string) (int, error) {
	var work []users.User
	if err := json.Unmarshal(pl.what, &work); err != nil {
		return 0, err
	}
	return 0, p.store.TakeIn(ctx, tx, work, by, note)
}
