package referrals

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/width"
)

// ErrHours is the error of hours that cannot be read.
var ErrHours = errors.New("referrals: hours are written as 1-5 08:30-17:00; 6 09:00-12:00, as 周一至周五 08:30-17:00, or as 24h")

// ReadHours reads opening hours as people write them into a table: "周一至周五 8:30-11:30, 13:30-17:00；周六 9:00-12:00", "1-5 08:30-17:00", "每天 9:00-21:00",
// "24h", "24小时". Empty is not known.
func ReadHours(text string) ([]Opening, error) {
	text = strings.ToLower(width.Fold.String(text))
	text = strings.NewReplacer("至", "-", "到", "-", "~", "-", "—", "-", "–", "-", "、", ",", "。", "", "星期", "周", "礼拜", "周").Replace(text)
	text = strings.TrimSpace(text)
	switch text {
	case "":
		return nil, nil
	case "24h", "24小时", "24 小时", "全天", "全天候":
		return []Opening{{From: "00:00", To: "00:00"}}, nil
	}
	var out []Opening
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		days, times, found := cutDays(part)
		if !found {
			return nil, ErrHours
		}
		for one := range strings.SplitSeq(times, ",") {
			from, to, both := strings.Cut(strings.TrimSpace(one), "-")
			from, ok1 := clock(from)
			to, ok2 := clock(to)
			if !both || !ok1 || !ok2 {
				return nil, ErrHours
			}
			out = append(out, Opening{Days: days, From: from, To: to})
		}
	}
	return out, nil
}

// cutDays parts "周一-周五 08:30-17:00" before its first clock time.
func cutDays(part string) (days []int, times string, ok bool) {
	colon := strings.IndexByte(part, ':')
	if colon < 1 {
		return nil, "", false
	}
	start := colon
	for start > 0 && part[start-1] >= '0' && part[start-1] <= '9' {
		start--
	}
	days, ok = readDays(strings.TrimSpace(part[:start]))
	return days, part[start:], ok
}

func readDays(text string) (days []int, ok bool) {
	text = strings.ReplaceAll(text, "周", "")
	switch text {
	case "", "每天", "天天", "daily", "every day":
		return nil, true
	case "工作日", "weekdays":
		return []int{1, 2, 3, 4, 5}, true
	}
	for one := range strings.SplitSeq(text, ",") {
		first, last, span := strings.Cut(strings.TrimSpace(one), "-")
		from, ok := day(first)
		if !ok {
			return nil, false
		}
		to := from
		if span {
			if to, ok = day(last); !ok || to < from {
				return nil, false
			}
		}
		for d := from; d <= to; d++ {
			if !slices.Contains(days, d) {
				days = append(days, d)
			}
		}
	}
	return days, true
}

func day(text string) (int, bool) {
	text = strings.TrimSpace(text)
	for i, names := range [][]string{{"一", "mon"}, {"二", "tue"}, {"三", "wed"}, {"四", "thu"}, {"五", "fri"}, {"六", "sat"}, {"日", "天", "末", "sun"}} {
		if text == strconv.Itoa(i+1) || slices.Contains(names, text) {
			return i + 1, true
		}
	}
	return 0, false
}

// clock writes "8:30" as "08:30", and midnight at the end of a day as that of its beginning.
func clock(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if text == "24:00" {
		return "00:00", true
	}
	if len(text) == 4 {
		text = "0" + text
	}
	_, ok := minutes(text)
	return text, ok
}

// WriteHours writes opening hours as [ReadHours] reads them.
func WriteHours(all []Opening) string {
	var parts []string
	for _, o := range all {
		days := ""
		for i := 0; i < len(o.Days); i++ {
			last := i
			for last+1 < len(o.Days) && o.Days[last+1] == o.Days[last]+1 {
				last++
			}
			if days != "" {
				days += ","
			}
			days += strconv.Itoa(o.Days[i])
			if last > i {
				days += "-" + strconv.Itoa(o.Days[last])
				i = last
			}
		}
		if o.From == "00:00" && o.To == "00:00" && days == "" && len(all) == 1 {
			return "24h"
		}
		parts = append(parts, strings.TrimSpace(days+" "+o.From+"-"+o.To))
	}
	return strings.Join(parts, "; ")
}
