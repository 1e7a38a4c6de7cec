package statistics

import (
	"slices"
	"strconv"
	"strings"

	"hotline/casework/figures"
	"hotline/storage/documents"
)

func part(id, zh, en string) Part { return Part{id, documents.Both(zh, en)} }

// The figures.
const (
	Arrivals       ID = "arrivals"
	Contacts       ID = "contacts"
	People         ID = "people"
	Nameless       ID = "nameless"
	RepeatPeople   ID = "repeat_people"
	RepeatContacts ID = "repeat_contacts"
	Difficult      ID = "difficult"
	CalledBack     ID = "called_back"
	ShortCalls     ID = "short_calls"
	TalkTime       ID = "talk_time"

	Connected   ID = "connected"
	Within15    ID = "within_15"
	Within20    ID = "within_20"
	Abandoned   ID = "abandoned"
	Outcome     ID = "outcome"
	AverageWait ID = "average_wait"

	Place ID = "place"
	Age   ID = "age"
	Sex   ID = "sex"

	Problem   ID = "problem"
	Treatment ID = "treatment"
	Asked     ID = "asked"

	DangerSignals ID = "danger_signals"
	HighRisk      ID = "high_risk"
	Levels        ID = "levels"
	Incidents     ID = "incidents"
	Resolved      ID = "resolved"
	Rescues       ID = "rescues"
	Hope          ID = "hope"
	Distress      ID = "distress"
	Intent        ID = "intent"

	FollowUps     ID = "follow_ups"
	FollowUpsDone ID = "follow_ups_done"
	CallbacksDone ID = "callbacks_done"
	Referrals     ID = "referrals"

	Staff         ID = "staff"
	DutyTime      ID = "duty_time"
	TrainingTime  ID = "training_time"
	Trained       ID = "trained"
	SupervisionsN ID = "supervisions"
	TalksReviewed ID = "talks_reviewed"
	RedReviewed   ID = "red_reviewed"
)

// All are the figures in their order, with the parameters not yet filled in.
func All() []Figure {
	return slices.Concat(volume(), reach(), who(), about(), risk(), after(), staff())
}

// Definitions are the figures with what the parameters say put into their words.
func Definitions(p Params) []Figure {
	all := All()
	fill := strings.NewReplacer("{repeat}", strconv.Itoa(p.Repeat), "{short}", strconv.Itoa(int(figures.Short.Seconds())))
	for i := range all {
		filled := documents.Words{}
		for language, text := range all[i].Definition {
			filled[language] = fill.Replace(text)
		}
		all[i].Definition = filled
	}
	return all
}

// Find is a figure by its id.
func Find(id ID) (Figure, bool) {
	all := All()
	i := slices.IndexFunc(all, func(f Figure) bool { return f.ID == id })
	if i < 0 {
		return Figure{}, false
	}
	return all[i], true
}

func volume() []Figure {
	return []Figure{
		{
			ID: Arrivals, Version: 1, Group: GroupVolume, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("呼入量", "Calls received"),
			Definition: documents.Both(
				"到达本热线的来电，按到达时间计。不含：我方回拨；其他站点转来又由其自行接听的；等待不超过 {short} 秒且未按危险键即挂断的。尚未有结果的来电不计。",
				"Calls that reached us, at the time of their arrival. Not among them: callbacks of ours; calls that another site passed on and answered itself; callers who left within {short} s without the danger key. Calls without an outcome yet are not counted."),
		},
		{
			ID: Contacts, Version: 1, Group: GroupVolume, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("服务人次", "Contacts"),
			Definition: documents.Both("咨询员与来电者实际交谈的通话，含我方回拨接通的；转手、三方仍为一次。按来电到达（回拨为拨出）时间计。",
				"Calls in which a counsellor and a caller talked, callbacks of ours too; a call that changed hands is one. At the time of the arrival, of a callback at that of dialling."),
		},
		{
			ID: People, Version: 2, Group: GroupVolume, Unit: Count, Origin: FromLedger, Names: documents.Both("受理人数", "People"),
			Definition: documents.Both("有过至少一次服务人次的来电者，在该时段内只计一人：同一个人档案为一人，合并的档案也为一人；未归档的来电归入该号码最近来电的档案，没有档案的同一号码（化名）为一人。不同时段或线路的人数不能相加。隐藏号码的不能识别，单列为“未识别人次”。到期删除的，已归档的照计，未归档的转入未识别人次。",
				"Callers with at least one contact, each once within the column. One file is one person, and so are files that were merged; a call without a file is of the file whose call from that number came last, and a number without a file (as its pseudonym) is one person. Numbers of people of several columns cannot be added up. Withheld numbers cannot be told apart and are counted by themselves. Of what was erased, calls with a file count as before, others are contacts without a number."),
		},
		{
			ID: Nameless, Version: 2, Group: GroupVolume, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("未识别人次", "Contacts without a number"),
			Definition: documents.Both("隐藏号码、无法识别来电者的服务人次，不计入受理人数；含删除时未归档的。", "Contacts whose number was withheld, or was erased before there was a file; not counted among people."),
		},
		{
			ID: RepeatPeople, Version: 2, Group: GroupVolume, Unit: Share, Origin: FromLedger, Names: documents.Both("重复来电者", "Repeat callers"),
			Definition: documents.Both("该时段内服务人次达到 {repeat} 次及以上的来电者，占受理人数的比例。", "People with {repeat} contacts or more within the column, of all people."),
		},
		{
			ID: RepeatContacts, Version: 2, Group: GroupVolume, Unit: Share, Origin: FromLedger, Names: documents.Both("重复来电人次", "Contacts of repeat callers"),
			Definition: documents.Both("重复来电者（{repeat} 次及以上）的服务人次，占全部服务人次的比例。", "Contacts of people with {repeat} contacts or more, of all contacts."),
		},
		{
			ID: Difficult, Version: 1, Group: GroupVolume, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("困难来电", "Difficult calls"),
			Definition: documents.Both("咨询员因骚扰、辱骂等滥用热线而提出限制的来电；每通计一次，不论是否批准。", "Calls for which a counsellor proposed a block for abuse of the line; each once, whether approved or not."),
		},
		{
			ID: CalledBack, Version: 1, Group: GroupVolume, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("回拨接通", "Callbacks with a talk"),
			Definition: documents.Both("我方回拨并与来电者交谈的通话，已计入服务人次。", "Calls of ours to somebody who waited for one, with a talk; they are among the contacts."),
		},
		{
			ID: ShortCalls, Version: 1, Group: GroupVolume, Unit: Count, Origin: FromLedger, Names: documents.Both("即挂来电", "Short calls"),
			Definition: documents.Both("开始等待后 {short} 秒内挂断且未按危险键的来电：多为误拨，不计入任何比例。", "Callers who left within {short} s of beginning to wait without the danger key: mostly mistakes, in no share."),
		},
		{
			ID: TalkTime, Version: 1, Group: GroupVolume, Unit: Length, Origin: FromLedger, Names: documents.Both("通话时长", "Time of talks"),
			Definition: documents.Both("全部服务人次中咨询员与来电者在一起的时间之和。", "How long counsellors and callers were together, of all contacts."),
		},
	}
}

func reach() []Figure {
	return []Figure{
		{
			ID: Connected, Version: 1, Group: GroupReach, Unit: Share, Origin: FromLedger, Records: true, Names: documents.Both("接通率", "Connected"),
			Definition: documents.Both("由本热线咨询员接听，或转到其他站点由人接听的来电，占呼入量的比例。承诺回拨、由备用流程接待的不算接通。", "Calls that a counsellor here or a person elsewhere answered, of the calls received. A promised callback and the fallback's service are no answer."),
		},
		{
			ID: Within15, Version: 1, Group: GroupReach, Unit: Share, Origin: FromLedger, Records: true, Names: documents.Both("15 秒接通率", "Answered within 15 s"),
			Definition: documents.Both("问候语结束后 15 秒内由本热线咨询员接听的来电，占呼入量的比例（12345 标准：不低于 95%）。在他处接听的不计为及时。", "Calls that a counsellor here answered within 15 s of the end of the greeting, of the calls received (standard of 12345: 95 %). What was answered elsewhere is not in time."),
		},
		{
			ID: Within20, Version: 1, Group: GroupReach, Unit: Share, Origin: FromLedger, Records: true, Names: documents.Both("20 秒接通率", "Answered within 20 s"),
			Definition: documents.Both("同上，20 秒内（988 标准：不低于 95%，15 秒内不低于 90%）。", "As above, within 20 s (standard of 988: 95 %, and 90 % within 15 s)."),
		},
		{
			ID: Abandoned, Version: 1, Group: GroupReach, Unit: Share, Origin: FromLedger, Records: true, Names: documents.Both("接通前放弃", "Left before an answer"),
			Definition: documents.Both("等待超过 {short} 秒（或按过危险键）而在接听前挂断的来电，占呼入量的比例（988 标准：低于 5%）。", "Callers who left before an answer after more than {short} s, or with the danger key pressed, of the calls received (standard of 988: less than 5 %)."),
		},
		{
			ID: Outcome, Version: 1, Group: GroupReach, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("来电结果", "What came of the calls"),
			Definition: documents.Both("呼入量按结果划分，各项之和等于呼入量。", "The calls received by what came of them; together they are all of them."),
			Parts: []Part{
				part("within_15", "15 秒内接听", "Answered within 15 s"), part("within_20", "15–20 秒接听", "Answered in 15 to 20 s"), part("later", "20 秒后接听", "Answered later"),
				part("elsewhere", "他处接听", "Answered elsewhere"), part("abandoned", "接通前放弃", "Left before an answer"), part("callback", "承诺回拨", "Callback promised"),
				part("degraded", "备用流程接待", "Served by the fallback"),
			},
		},
		{
			ID: AverageWait, Version: 1, Group: GroupReach, Unit: Wait, Origin: FromLedger, Names: documents.Both("平均等待", "Average wait"),
			Definition: documents.Both("由本热线咨询员接听的来电，从问候语结束到接听的平均时间。", "From the end of the greeting to the answer, of the calls that a counsellor here answered."),
		},
	}
}

func who() []Figure {
	return []Figure{
		{
			ID: Place, Version: 1, Group: GroupWho, Unit: Count, Origin: FromPlaces, Names: documents.Both("本地与外地", "Local and from elsewhere"),
			Definition: documents.Both("服务人次按号码归属地划分。归属地只是号码登记的地方，不是来电者所在的地方。哪些地方算本地由管理员设定。", "Contacts by where the number belongs. That is where it was issued, not where the caller is. Which places are local is set by the administrator."),
			Parts:      []Part{part("local", "本地", "Local"), part("elsewhere", "外地", "Elsewhere in the country"), part("abroad", "境外", "Abroad"), part("unknown", "无法判断", "Not known")},
		},
		{
			ID: Age, Version: 1, Group: GroupWho, Unit: Count, Origin: FromFiles, Records: true, Names: documents.Both("年龄段", "Age"),
			Definition: documents.Both("服务人次按来电者档案中的年龄段划分；没有档案或未登记的为“未知”。", "Contacts by the age in the caller's file; without a file, or not said, they are not known."),
			Parts: []Part{
				part("under_14", "不满 14 岁", "Under 14"), part("14_17", "14–17 岁", "14 to 17"), part("18_24", "18–24 岁", "18 to 24"), part("25_34", "25–34 岁", "25 to 34"),
				part("35_44", "35–44 岁", "35 to 44"), part("45_59", "45–59 岁", "45 to 59"), part("60_up", "60 岁及以上", "60 and above"), part("unknown", "未知", "Not known"),
			},
		},
		{
			ID: Sex, Version: 1, Group: GroupWho, Unit: Count, Origin: FromFiles, Records: true, Names: documents.Both("性别", "Sex"),
			Definition: documents.Both("服务人次按来电者档案中的性别划分；没有档案或未登记的为“未知”。", "Contacts by the sex in the caller's file; without a file, or not said, it is not known."),
			Parts:      []Part{part("female", "女", "Female"), part("male", "男", "Male"), part("other", "其他", "Other"), part("unknown", "未知", "Not known")},
		},
	}
}

func about() []Figure {
	return []Figure{
		{
			ID: Problem, Version: 1, Group: GroupAbout, Unit: Count, Origin: FromForms, Free: true, Records: true, Names: documents.Both("来电问题", "Types of problems"),
			Definition: documents.Both("收尾表单中“来电问题”的各选项被选中的服务人次。一次可选多项，各项之和可以大于人次；以每通来电最后一次填写为准。", "Contacts in whose form each problem was chosen. Several may be chosen, so that the sum may exceed the contacts; the last form of a call counts."),
		},
		{
			ID: Treatment, Version: 1, Group: GroupAbout, Unit: Count, Origin: FromForms, Free: true, Records: true, Names: documents.Both("处理结果", "What was done"),
			Definition: documents.Both("收尾表单中“处理结果”的各选项被选中的服务人次，可多选。", "Contacts in whose form each result was chosen; several may be."),
		},
		{
			ID: Asked, Version: 1, Group: GroupAbout, Unit: Count, Origin: FromForms, Records: true, Names: documents.Both("自杀风险询问", "Suicide asked about"),
			Definition: documents.Both("收尾表单中对“是否询问自杀风险”的回答；“未填写”为尚无表单的服务人次。", "The answers to whether suicide was asked about; contacts without a form are among the missing."),
			Parts: []Part{
				part("denied", "已询问，否认", "Asked, denied"), part("present", "已询问，存在风险", "Asked, risk present"), part("not_possible", "无法询问", "Not possible"),
				part("missing", "未填写", "Form missing"),
			},
		},
	}
}
