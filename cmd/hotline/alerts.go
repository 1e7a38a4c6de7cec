package main

import (
	"context"
	"log/slog"

	"hotline/agentui"
	"hotline/deploy/prompts"
	"hotline/telephony"
	"hotline/telephony/alert"
)

// alerting is how a controller calls people of the call tree. Nobody is called where nothing can be dialled.
func (c Config) alerting(calls alert.Calls) telephony.Alerting {
	sounds, alarm := c.sounds(), c.Outbound.Alarm
	a := telephony.Alerting{
		Calls: calls, Spoken: map[string]map[alert.Prompt][]string{}, First: sounds.Languages[0], CallerID: alarm.CallerID, Ring: alarm.Ring, Ask: alarm.Ask,
		Dial: c.outbound(nil).Dial,
	}
	for _, language := range sounds.Languages {
		one := prompts.Sounds{Dir: sounds.Dir, Languages: []string{language}}
		a.Spoken[language] = map[alert.Prompt][]string{
			alert.PromptAsk: one.Media(prompts.AlertAsk), alert.PromptAccepted: one.Media(prompts.AlertAccepted),
			alert.PromptDeclined: one.Media(prompts.AlertDeclined), alert.PromptOver: one.Media(prompts.AlertOver),
		}
	}
	return a
}

// detected takes in what a detector outside found.
func (c Config) detected(log *slog.Logger) func(context.Context, agentui.Detection) error {
	return func(_ context.Context, d agentui.Detection) error {
		log.Warn("a detector outside found a call dangerous", "call_id", d.Call, "detector", d.Detector, "kind", d.Kind, "level", d.Level)
		return nil
	}
}
