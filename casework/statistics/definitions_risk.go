package statistics

import "hotline/storage/documents"

func risk() []Figure {
	change := func(id ID, zh, en, better, betterEN string) Figure {
		return Figure{
			ID: id, Version: 1, Group: GroupRisk, Unit: Mean, Origin: FromAssessments, Names: documents.Both(zh+"（前后变化）", en+", change within the call"),
			Definition: documents.Both("通话前后都评过“"+zh+"”（0–100）的服务人次，后减前的平均值；"+better+"。", "Contacts in which "+en+" (0 to 100) was asked before and after: the mean of after less before; "+betterEN+"."),
		}
	}
	return []Figure{
		{
			ID: DangerSignals, Version: 1, Group: GroupRisk, Unit: Count, Origin: FromLedger, Records: true, Names: documents.Both("危险信号来电", "Calls with a danger signal"),
			Definition: documents.Both("来电者按过危险键，或最后列为红色的来电（含接通前放弃的）。", "Calls in which the danger key was pressed or that were red at their end, those left before an answer too."),
		},
		{
			ID: HighRisk, Version: 1, Group: GroupRisk, Unit: Count, Origin: FromAssessments, Records: true, Names: documents.Both("高危人次", "Contacts at high risk"),
			Definition: documents.Both("在来电中曾被评为高风险的服务人次，之后降级的也计入。按评定时有效的高危定义；定义的版本记在每条记录中。", "Contacts that were assessed as high at any time, also when the level was lowered later. By the definition of high risk in force then; each record keeps its version."),
		},
		{
			ID: Levels, Version: 1, Group: GroupRisk, Unit: Count, Origin: FromAssessments, Records: true, Names: documents.Both("风险等级", "Levels of risk"),
			Definition: documents.Both("服务人次按最后评定的风险等级划分。", "Contacts by the level that was assessed last."),
			Parts: []Part{
				part("high", "高", "High"), part("moderate", "中", "Moderate"), part("low", "低", "Low"), part("none", "无", "None"), part("not_assessed", "未评定", "Not assessed"),
			},
		},
		{
			ID: Incidents, Version: 1, Group: GroupRisk, Unit: Count, Origin: FromIncidents, Records: true, Names: documents.Both("危机事件", "Crisis incidents"),
			Definition: documents.Both("在该时段开启的危机事件。", "Incidents that were opened within the column."),
		},
		{
			ID: Resolved, Version: 1, Group: GroupRisk, Unit: Count, Origin: FromIncidents, Records: true, Names: documents.Both("成功干预", "Crises resolved"),
			Definition: documents.Both("在该时段由两人确认结案、且结局为当事人脱险或已落实后续的危机事件；误报与当事人离世的不计（以危机策略中结局的设置为准）。与受理人数、服务人次分别统计。", "Incidents that two people closed within the column with an outcome in which the person is safe or a named person goes on; false alarms and deaths are none (by the outcomes of the crisis policy). Counted apart from people and contacts."),
		},
		{
			ID: Rescues, Version: 1, Group: GroupRisk, Unit: Count, Origin: FromIncidents, Records: true, Names: documents.Both("救援到达确认", "Rescues confirmed"),
			Definition: documents.Both("在该时段结案、且有人确认救援人员已见到当事人的危机事件。", "Incidents closed within the column in which somebody confirmed that responders reached the person."),
		},
		change(Hope, "希望感", "hope", "正数为好转", "above 0 is better"),
		change(Distress, "痛苦程度", "distress", "负数为好转", "below 0 is better"),
		change(Intent, "自杀意图", "intent", "负数为好转", "below 0 is better"),
	}
}

func after() []Figure {
	return []Figure{
		{
			ID: FollowUps, Version: 1, Group: GroupAfter, Unit: Count, Origin: FromFollowUps, Records: true, Names: documents.Both("应回访", "Follow-ups due"),
			Definition: documents.Both("回访时间落在该时段的回访任务；不含当事人拒绝回访的，以及因再次高危而重新排期的。", "Follow-ups that were due within the column, but those that the person refused and those of a series that began anew."),
		},
		{
			ID: FollowUpsDone, Version: 1, Group: GroupAfter, Unit: Share, Origin: FromFollowUps, Records: true, Names: documents.Both("回访完成率", "Follow-ups done"),
			Definition: documents.Both("应回访中已联系到本人并完成的比例。", "Of the follow-ups that were due, those in which the person was reached."),
		},
		{
			ID: CallbacksDone, Version: 1, Group: GroupAfter, Unit: Share, Origin: FromLedger, Records: true, Names: documents.Both("回拨完成率", "Callbacks done"),
			Definition: documents.Both("在该时段产生的回拨任务（承诺的、接通前放弃的、备用流程留下的），已与来电者交谈或由人处理完毕的比例。", "Of the callbacks that arose within the column (promised, left before an answer, left by the fallback), those that ended in a talk or were done by a person."),
		},
		{
			ID: Referrals, Version: 1, Group: GroupAfter, Unit: Count, Origin: FromReferrals, Records: true, Names: documents.Both("转介", "Referrals"),
			Definition: documents.Both("在该时段发出的转介，按目前状态划分。发出不等于接收。", "Referrals that were sent within the column, by their state now. Sent is not accepted."),
			Parts:      []Part{part("sent", "已发出", "Sent"), part("accepted", "已接收", "Accepted"), part("attended", "已就诊", "Attended"), part("declined", "未接收", "Declined"), part("unknown", "无从得知", "Will not be known")},
		},
	}
}

func staff() []Figure {
	return []Figure{
		{
			ID: Staff, Version: 1, Group: GroupStaff, Unit: Count, Origin: FromLedger, Names: documents.Both("接听人员", "Staff who talked"),
			Definition: documents.Both("在该时段与来电者交谈过的人员数。不同时段不能相加。", "People of ours who talked with a caller. Numbers of several columns cannot be added up."),
		},
		{
			ID: DutyTime, Version: 1, Group: GroupStaff, Unit: Length, Origin: FromShifts, Whole: true, Names: documents.Both("在岗时长", "Time on duty"),
			Definition: documents.Both("人员打开工作台的时间之和（含小休、整理），单段最长计 24 小时。不分线路。", "How long people were signed in at the queue, breaks and wrap-up included, one state for 24 h at most. Not by line."),
		},
		{
			ID: TrainingTime, Version: 1, Group: GroupStaff, Unit: Length, Origin: FromTraining, Whole: true, Names: documents.Both("培训时长", "Training"),
			Definition: documents.Both("登记的培训时间之和，按人累计；作废的不计。", "Hours of training that were recorded, for each person; void ones are not counted."),
		},
		{
			ID: Trained, Version: 1, Group: GroupStaff, Unit: Count, Origin: FromTraining, Whole: true, Names: documents.Both("参训人数", "People trained"),
			Definition: documents.Both("该时段至少有一次培训登记的人数。", "People with at least one training on record."),
		},
		{
			ID: SupervisionsN, Version: 1, Group: GroupStaff, Unit: Count, Origin: FromTraining, Whole: true, Names: documents.Both("督导次数", "Sessions of supervision"),
			Definition: documents.Both("登记的督导次数，按人累计。", "Sessions of supervision on record, one for each person who took part."),
		},
		{
			ID: TalksReviewed, Version: 1, Group: GroupStaff, Unit: Count, Origin: FromReviews, Names: documents.Both("已评审的通话", "Talks reviewed"),
			Definition: documents.Both("期间内来电的通话中，质量评审已完成的数量。一通来电经几位咨询员接听的，按每位咨询员的通话分别计。", "Talks of calls of the period whose review is done. A call that changed hands counts once for each counsellor whose part was reviewed."),
		},
		{
			ID: RedReviewed, Version: 1, Group: GroupStaff, Unit: Share, Origin: FromReviews, Names: documents.Both("红色来电评审率", "Red calls reviewed"),
			Definition: documents.Both("期间内应评审的红色来电通话中，评审已完成的比例；决定不评的不计入。", "Of the talks of red calls of the period that are to be reviewed, those whose review is done; those that cannot be reviewed do not count."),
		},
	}
}
