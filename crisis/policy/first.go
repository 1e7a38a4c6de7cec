package policy

import (
	"hotline/crisis"
	"hotline/storage/documents"
)

func named(id, zh, en string) crisis.Named {
	return crisis.Named{ID: id, Names: documents.Both(zh, en)}
}

const (
	minute = 60
	hour   = 60 * minute

	minorAsk, minorReport = 24 * hour, 2 * hour
)

// before is what a policy says that was saved before a field was there: what the code said then.
func before() crisis.Policy {
	return crisis.Policy{Deadlines: crisis.Deadlines{MinorAsk: minorAsk, MinorReport: minorReport}}
}

// First is what holds before anybody saved.
func First() crisis.Policy {
	return crisis.Policy{
		Names: documents.Both("危机干预流程", "Answer to a crisis"),
		Deadlines: crisis.Deadlines{
			Acknowledge: 30, Phone: 60, Round: 60, Join: 1 * minute, Reach: 10 * minute, Second: 2 * minute, Facts: 5 * minute, Consent: 10 * minute,
			Measures: 15 * minute, Authorise: 5 * minute, Service: 3 * minute, Disclose: 5 * minute, Confirm: 30 * minute, Close: 1 * hour, Plan: 15 * minute,
			Report: 24 * hour, Debrief: 72 * hour, Again: 5 * minute, Remind: 4 * hour, MinorAsk: minorAsk, MinorReport: minorReport,
		},
		Tree: crisis.Tree{Users: []string{}, Phones: true, Everyone: true},
		Opens: []crisis.Opening{
			{Trigger: crisis.TriggerLevel, Level: crisis.LevelHigh, Open: true, AtLeast: crisis.LevelHigh},
			{Trigger: crisis.TriggerSOS, Level: crisis.LevelModerate, Open: true},
			{Trigger: crisis.TriggerDanger, Level: crisis.LevelHigh, Open: true},
			{Trigger: crisis.TriggerReturning, Level: crisis.LevelModerate, Open: true},
			{Trigger: crisis.TriggerAbandoned, Level: crisis.LevelHigh, Open: true},
			{Trigger: crisis.TriggerCutOff, Level: crisis.LevelHigh, Open: true},
			{Trigger: crisis.TriggerPerson, Level: crisis.LevelHigh, Open: true},
			{Trigger: crisis.TriggerDetector, Level: crisis.LevelModerate, Open: true, AtLeast: crisis.LevelModerate},
			{Trigger: crisis.TriggerOverdue, Level: crisis.LevelModerate, Open: true},
		},
		HighRisk: crisis.Definition{
			Text: documents.Both("出现下列任一情形，即判定为高风险：", "High risk is any one of these:"),
			Criteria: []crisis.Named{
				named("in_progress", "正在实施或刚刚实施自杀行为", "An attempt is in progress, or was made just now"),
				named("plan_72h", "计划在72小时内实施", "A plan to act within 72 hours"),
				named("attempt_2w", "两周内有过自杀未遂", "An attempt within the last two weeks"),
				named("plan_week", "一周内有明确计划且具备手段", "A definite plan within a week, with the means at hand"),
			},
		},
		Measures:   measures(),
		Closure:    closure(),
		Checklists: []crisis.Checklist{{Region: "", Items: checklist()}},
		Disclosure: disclosure(),
		Report:     report(),
		FollowUps: []crisis.FollowUpRule{
			{After: "24h", Names: documents.Both("24小时", "24 hours")}, {After: "1w", Names: documents.Both("1周", "1 week")}, {After: "1mo", Names: documents.Both("1个月", "1 month")},
			{After: "3mo", Names: documents.Both("3个月", "3 months")}, {After: "6mo", Names: documents.Both("6个月", "6 months")},
		},
	}
}

func measures() []crisis.Named {
	return []crisis.Named{
		named("talk", "持续倾听与情绪稳定", "Listening, and calming together"),
		named("means_away", "劝说放下或远离危险物品", "Putting the means away, or leaving the place"),
		named("safety_plan", "共同商定安全计划", "A safety plan made together"),
		named("someone_near", "请身边的人陪伴", "Somebody nearby comes and stays"),
		named("contact_family", "经同意联系亲友", "Family or friends are told, with consent"),
		named("care_now", "协助自行就医", "The person goes to a hospital by themselves"),
	}
}

func closure() crisis.ClosureRules {
	outcome := func(id, zh, en string, confirmed, followUp bool) crisis.Outcome {
		return crisis.Outcome{ID: id, Names: documents.Both(zh, en), Confirmed: confirmed, FollowUp: followUp}
	}
	return crisis.ClosureRules{
		Needs: []crisis.Precondition{crisis.NeedLocation, crisis.NeedConsent, crisis.NeedMeasures, crisis.NeedDisclosed},
		Outcomes: []crisis.Outcome{
			outcome("safe", "已脱离危险，有人陪伴", "Safe, somebody is there", true, true),
			outcome("in_care", "已送医", "Taken to a hospital", true, true),
			outcome("with_responders", "救援人员已到场接手", "Responders are with the person", true, true),
			outcome("next_step", "未能确认，已落实下一步责任人", "Not confirmed; a named person goes on", true, true),
			outcome("died", "不幸离世", "The person died", true, false),
			outcome("unfounded", "误报或已排除危险", "A false alarm, or danger is ruled out", false, false),
		},
	}
}

func checklist() []crisis.Named {
	return []crisis.Named{
		named("address", "核对地址：省市区、街道、楼栋、门牌", "Address checked: city, street, building, door"),
		named("landmark", "记录附近标志物与进入方式", "Landmarks, and how to get in"),
		named("police", "联系110并说明情况", "110 asked and told"),
		named("ambulance", "如已受伤或服药，联系120", "120 asked, when hurt or poisoned"),
		named("means", "告知危险物品与现场风险", "Responders know of the means and of dangers there"),
		named("contacts", "联系可到场的亲友（依据同意或授权）", "Family or friends who can come were called (by consent or authorisation)"),
		named("arrival", "约定到场后回报方式", "Agreed how the arrival is told to us"),
	}
}

// disclosure is the least that responders need.
func disclosure() []crisis.Field {
	return []crisis.Field{
		{ID: "location", Names: documents.Both("所在位置", "Where"), Required: true, From: string(crisis.FactLocation)},
		{ID: "danger", Names: documents.Both("危险情况", "What danger"), Required: true, From: "level"},
		{ID: "means", Names: documents.Both("危险物品或方式", "With what"), From: string(crisis.FactMeans)},
		{ID: "company", Names: documents.Both("现场人员", "Who is there"), From: string(crisis.FactCompany)},
		{ID: "person", Names: documents.Both("识别特征", "How to recognise the person"), From: string(crisis.FactPerson)},
	}
}

func report() crisis.ReportForm {
	field := func(id, zh, en, from string, required bool) crisis.Field {
		return crisis.Field{ID: id, Names: documents.Both(zh, en), From: from, Required: required}
	}
	return crisis.ReportForm{
		Names: documents.Both("危机事件报告（24小时内）", "Report of a crisis, within 24 hours"), From: crisis.LevelHigh,
		Fields: []crisis.Field{
			field("opened", "发生时间", "When it began", "opened", true), field("line", "热线", "Line", "line", true),
			field("trigger", "发现方式", "How it was noticed", "trigger", true), field("level", "风险等级", "Level", "level", true),
			field("location", "所在地区", "Region", "", false), field("measures", "已采取的措施", "What was done", "measures", true),
			field("services", "联动部门", "Services outside", "services", false), field("arrival", "到场确认", "Arrival", "arrival", false),
			field("outcome", "结果", "What came of it", "outcome", true), field("lessons", "经验与建议", "What was learnt", "", false),
		},
	}
}
