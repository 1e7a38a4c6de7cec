package reviews

import "hotline/storage/documents"

func item(id, zh, en, zhHelp, enHelp string) Item {
	return Item{ID: id, Names: documents.Both(zh, en), Help: documents.Both(zhHelp, enHelp)}
}

func (i Item) critical() Item {
	i.Critical = true
	return i
}

func (i Item) optional() Item {
	i.Optional = true
	return i
}

// First is the sheet that the program begins with. Its words are our own.
func First() Sheet {
	return Sheet{
		Pick:   Pick{Share: 50, Least: 60, RedDays: 3, Days: 14},
		Levels: []documents.Words{documents.Both("未做到", "Not shown"), documents.Both("部分做到", "Partly"), documents.Both("做到", "Shown"), documents.Both("做得好", "Shown well")},
		Sections: []Section{
			{ID: "process", Names: documents.Both("流程", "Process"), Weight: 20, Items: []Item{
				item("opening", "开场清楚", "A clear opening", "说明这里是哪里、自己能做什么，让对方先说。", "Says where the caller has arrived and what can be done here, and lets them begin."),
				item("purpose", "弄清来意", "Finds out what is wanted", "与对方一起确定这通电话要谈什么。", "Agrees with the caller what this talk is to be about."),
				item("pace", "把握节奏", "Keeps the pace", "不打断，不拖延，转换话题时说明。", "Neither interrupts nor drags on; says so when the subject changes."),
				item("closing", "收尾与下一步", "Closing and next step", "总结谈了什么，说定之后谁做什么。", "Sums up, and settles who does what next."),
			}},
			{ID: "attitude", Names: documents.Both("态度", "Attitude"), Weight: 20, Items: []Item{
				item("respect", "尊重不评判", "Respect without judgement", "不指责、不说教，按对方的说法称呼对方的处境。", "No blame and no lecture; keeps to the caller's own words for their situation."),
				item("calm", "平稳耐心", "Calm and patient", "对方激动、沉默或重复时，语气仍然平稳。", "Keeps an even tone when the caller is upset, silent or repeats themselves."),
				item("privacy", "保密与边界", "Privacy and limits", "只问需要的，说清保密及其例外，不许诺做不到的事。", "Asks what is needed only, is clear about confidentiality and its limits, promises nothing that cannot be kept."),
			}},
			{ID: "skill", Names: documents.Both("技能", "Skill"), Weight: 25, Items: []Item{
				item("listening", "倾听与回应", "Listening and reflecting", "用自己的话回应内容与感受，并核对是否理解对了。", "Gives back content and feeling in own words, and checks whether that was right."),
				item("questions", "提问得当", "Fitting questions", "多用开放式提问，一次一个，跟着对方走。", "Mostly open questions, one at a time, following the caller."),
				item("feelings", "处理情绪", "Works with feelings", "承认情绪，帮助对方缓下来，再谈问题。", "Acknowledges feelings and helps them settle before turning to the problem."),
				item("strengths", "调动资源", "Draws on strengths", "一起找到身边的人、以往有用的办法和可用的服务。", "Finds together who is near, what helped before and which services fit."),
			}},
			{ID: "danger", Names: documents.Both("自杀风险评估", "Assessing suicide risk"), Weight: 35, Items: []Item{
				item("asked", "直接询问自杀", "Asks about suicide directly", "用明白的话问到，不绕开，不暗示答案。", "Asks in plain words, does not go around it and does not suggest the answer.").critical(),
				item("extent", "问清程度", "Finds out how far it goes", "想法、计划、方法、时间、以往的行为，问到足以判断。", "Thoughts, plan, means, time and earlier acts, as far as is needed to judge.").optional(),
				item("reasons", "了解支撑因素", "Finds what holds the person", "什么让对方活到现在，谁可以陪在身边。", "What has kept the person alive so far, and who can be with them.").optional(),
				item("level", "定级与所听相符", "The level fits what was said", "所定的级别与对方说的相符，理由记录清楚。", "The level fits what the caller said, and its reasons are written down."),
				item("safety", "安全步骤", "Steps towards safety", "远离工具、有人陪伴、可拨的电话、需要时告知督导或外部救援。", "Means out of reach, somebody there, numbers to call, and supervisor or rescue where needed.").critical().optional(),
			}},
		},
	}
}
