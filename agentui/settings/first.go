package settings

import "hotline/storage/documents"

func reasonNames() map[string]documents.Words {
	return map[string]documents.Words{
		"break": documents.Both("小休", "Break"), "meal": documents.Both("用餐", "Meal"), "training": documents.Both("培训", "Training"), "meeting": documents.Both("会议", "Meeting"),
		"technical": documents.Both("设备问题", "Technical"),
	}
}

func skillNames() []SkillName {
	return []SkillName{
		{"mandarin", documents.Both("普通话", "Mandarin")}, {"english", documents.Both("英语", "English")}, {"youth", documents.Both("青少年", "Youth")}, {"crisis", documents.Both("危机干预", "Crisis")},
	}
}

func templates() []Template {
	return []Template{
		{"talk", documents.Both("一般来电", "Ordinary call"), documents.Both(
			"来电诉求：\n主要困扰与持续时间：\n情绪与风险：\n已做的支持：\n商定的下一步：\n",
			"What the caller asked for:\nMain trouble, since when:\nMood and risk:\nSupport given:\nNext step agreed:\n",
		)},
		{"crisis", documents.Both("高风险来电", "Call at high risk"), documents.Both(
			"自伤/自杀想法（有无、频率）：\n计划、手段、时间：\n既往史：\n保护因素、身边的人：\n所在地点（来电者自述）：\n已采取的措施与联系的部门：\n安全计划：\n",
			"Thoughts of self-harm or suicide (whether, how often):\nPlan, means, time:\nHistory:\nWhat protects, who is near:\nWhere (as the caller says):\nSteps taken, who was contacted:\nSafety plan:\n",
		)},
	}
}

// disposition asks first what must never be left out: whether suicide was asked about.
func disposition() []Question {
	one := func(id, zh, en string) Named { return Named{id, documents.Both(zh, en)} }
	return []Question{
		{ID: "suicide", Names: documents.Both("是否询问自杀风险", "Was suicide asked about?"), Kind: AskOne, Required: true, Choices: []Named{
			one("denied", "已询问，否认", "Asked, denied"), one("present", "已询问，存在风险", "Asked, risk present"), one("not_possible", "无法询问", "Not possible"),
		}},
		{
			ID: "why_not", Names: documents.Both("无法询问的原因", "Why it was not possible"), Kind: AskText, Required: true, Choices: []Named{},
			When: &When{"suicide", "not_possible"},
		},
		{ID: "outcome", Names: documents.Both("处理结果", "What came of it"), Kind: AskMany, Required: true, Choices: []Named{
			one("supported", "情绪支持", "Support given"), one("advised", "提供信息", "Information given"), one("referred", "转介机构", "Referred"),
			one("followup", "约定回访", "Follow-up agreed"), one("emergency", "已联系紧急服务", "Emergency services contacted"), one("dropped", "通话中断", "Cut off"),
			one("no_issue", "无效来电", "No matter for us"),
		}},
		{ID: "about", Names: documents.Both("来电问题", "What it was about"), Kind: AskMany, Choices: []Named{
			one("mental_illness", "精神障碍", "Mental illness"), one("emotion", "情绪", "Emotion"), one("sleep", "睡眠", "Sleep"), one("love", "恋爱", "Love"),
			one("marriage", "婚姻", "Marriage"), one("family", "家庭", "Family"), one("parenting", "亲子", "Parenting"), one("study", "学业", "Study"),
			one("work", "工作", "Work"), one("interpersonal", "人际", "Other people"), one("sex", "性", "Sex"), one("health", "身体健康", "Health"),
			one("addiction", "成瘾", "Addiction"), one("bereavement", "丧亲", "Bereavement"), one("trauma", "创伤与暴力", "Trauma, violence"),
			one("economic", "经济", "Money"), one("other", "其他", "Other"),
		}},
	}
}
