package imports

import (
	"context"

	"hotline/casework/referrals"
	"hotline/storage/documents"
)

// services are those to whom people are sent on, compared by name within a region: two regions may have a service of the same name.
func (s Stores) services() kind {
	d := versioned(s.Referrals.Versions)
	d.heads = []Column{
		{"name_zh", "名称", "Name", true, "市第七人民医院"}, {"name_en", "英文名称", "English name", false, "Hospital No. 7"}, {"level", "层级", "Level", true, "市级"},
		{"kind", "类别", "Kind", true, "精神专科"}, {"region", "地区", "Region", true, "杭州市"}, {"address", "地址", "Address", false, "天目山路 305 号"},
		{"phone", "电话", "Telephone", false, "0571-85029595"}, {"open", "开放时间", "Opening hours", false, "周一至周五 8:00-17:00"},
		{"note", "备注", "Note", false, "急诊全天"}, {"closed", "停用", "Closed", false, ""},
	}
	d.column = map[string]string{
		"names.zh-CN": "name_zh", "names.en": "name_en", "level": "level", "kind": "kind", "region": "region", "address": "address", "phone": "phone", "note": "note",
		"open": "open",
	}
	d.prepare = func(context.Context, referrals.Directory) (func(*referrals.Directory, *Line) string, error) {
		return putService, nil
	}
	return d
}

// levelWords and kindWords are what people write for them.
func levelWords() map[string][]string {
	return map[string][]string{
		"city": {"市级", "市"}, "county": {"区县级", "区县", "县级", "区级", "区", "县"}, "township": {"街道乡镇", "乡镇", "街道", "镇"}, "community": {"社区村", "社区", "村"},
	}
}

func kindWords() map[string][]string {
	return map[string][]string{
		"psychiatry": {"精神专科", "精神卫生中心", "专科医院"}, "hospital": {"医院", "综合医院"}, "counselling": {"心理服务", "心理咨询"}, "school": {"学校"},
		"social": {"社工民政", "社工", "民政"}, "women_children": {"妇女儿童", "妇联", "儿童"}, "legal": {"法律援助", "法律"}, "rehabilitation": {"康复戒断", "康复", "戒毒"},
		"support": {"互助志愿", "互助", "志愿"}, "other": {"其他", "其它"},
	}
}

func putService(d *referrals.Directory, l *Line) string {
	open, err := referrals.ReadHours(l.Cells["open"])
	if err != nil {
		l.fault("open", documents.BadClock, "value", l.Cells["open"])
		return ""
	}
	if open == nil {
		open = []referrals.Opening{}
	}
	for i := range open {
		if open[i].Days == nil {
			open[i].Days = []int{}
		}
	}
	one := referrals.Service{
		Level: referrals.Level(word(l.Cells["level"], levelWords())), Kind: referrals.Kind(word(l.Cells["kind"], kindWords())),
		Names: documents.Words{"zh-CN": l.Cells["name_zh"]}, Region: l.Cells["region"], Address: l.Cells["address"], Phone: l.Cells["phone"], Open: open, Note: l.Cells["note"],
		Closed: word(l.Cells["closed"], map[string][]string{"yes": {"是", "停用", "closed", "true", "1"}}) == "yes",
	}
	if l.Cells["name_en"] != "" {
		one.Names["en"] = l.Cells["name_en"]
	}
	for i, old := range d.Services {
		if old.Names["zh-CN"] != one.Names["zh-CN"] || old.Region != one.Region {
			continue
		}
		l.State = StateUnchanged
		// What has no column, or nothing written in it, stays.
		for column, kept := range map[string]func(){
			"name_en": func() {
				if old.Names["en"] != "" {
					one.Names["en"] = old.Names["en"]
				}
			},
			"address": func() { one.Address = old.Address }, "phone": func() { one.Phone = old.Phone }, "note": func() { one.Note = old.Note },
			"open": func() { one.Open = old.Open }, "closed": func() { one.Closed = old.Closed },
		} {
			if l.Cells[column] == "" {
				kept()
			}
		}
		l.change("level", string(old.Level), string(one.Level))
		l.change("kind", string(old.Kind), string(one.Kind))
		l.change("name_en", old.Names["en"], one.Names["en"])
		l.change("address", old.Address, one.Address)
		l.change("phone", old.Phone, one.Phone)
		l.change("open", referrals.WriteHours(old.Open), referrals.WriteHours(one.Open))
		l.change("note", old.Note, one.Note)
		l.change("closed", yes(old.Closed), yes(one.Closed))
		one.ID = old.ID
		d.Services[i] = one
		return indexed("services", i)
	}
	one.ID = newID("r-")
	d.Services = append(d.Services, one)
	return indexed("services", len(d.Services)-1)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}
