package telephony

import (
	"context"
	"sync"
	"time"

	"hotline/queue"
	"hotline/telephony/call"
)

// meaning is what a key means on the line. One that means nothing there, and the danger key, stay what they are.
func (l Line) meaning(d call.Digit) call.Event {
	if d.Digit == call.DangerKey || d.Digit == "" {
		return d
	}
	if d.Digit == l.Callback.Key {
		return call.CallbackWanted{At: d.At}
	}
	for _, c := range l.Menu {
		if c.Key == d.Digit {
			return call.Chosen{At: d.At, Language: c.Language, Audio: l.HoldClasses[c.Language] != ""}
		}
	}
	return d
}

// plan is what the line's settings mean for a call that comes now.
func (l Line) plan(now time.Time) call.Plan {
	return call.Plan{
		Menu: len(l.Menu) > 0, Announce: l.AnnounceEvery, Callback: l.Callback.Key != "", CallbackFirst: l.Callback.Key != "" && l.Callback.First,
		Closed: l.Open != nil && !l.Open(now),
	}
}

// plan is for a call that comes to us now.
func (a *actor) plan() call.Plan { return a.line.plan(time.Now()) }

// needs are the line's and those of the chosen language; of both the higher level counts.
func (l Line) needs(language string) queue.Skills {
	for _, c := range l.Menu {
		if c.Language != language || len(c.Needs) == 0 {
			continue
		}
		all := queue.Skills{}
		for _, needs := range []queue.Skills{l.Needs, c.Needs} {
			for skill, level := range needs {
				all[skill] = max(all[skill], level)
			}
		}
		return all
	}
	return l.Needs
}

// holdsBack says that an announcement must wait for the prompt that plays: two at once would be one after the other, and the second not stopped by an
// accepted offer.
func (a *actor) holdsBack(e call.Event) bool {
	switch e.(type) {
	case call.AnnounceDue, call.Estimated:
		if a.playing != "" {
			a.armAnnounce(promptPatience)
			return true
		}
	}
	return false
}

// promptPatience is how soon an announcement that found another prompt is tried again.
const promptPatience = 2 * time.Second

func (a *actor) armAnnounce(after time.Duration) {
	stop(&a.news)
	a.news = time.AfterFunc(after, func() { a.post(call.AnnounceDue{At: now()}) })
}

func (a *actor) armChoice() {
	stop(&a.choice)
	wait := a.line.MenuWait
	if wait == 0 {
		wait = defaultMenuWait
	}
	a.choice = time.AfterFunc(wait, func() { a.post(call.ChoiceExpired{At: now()}) })
}

// announce says the parts in one language.
func (a *actor) announce(parts []call.Prompt) {
	var media []string
	language := []string{a.line.spoken(a.call.Language)}
	for _, p := range parts {
		media = append(media, a.line.in(language, p)...)
	}
	if len(media) > 0 {
		a.say(media)
	}
}

// estimateWait bounds how long the index may take; an announcement without figures is better than a late one.
const estimateWait = time.Second

func (a *actor) estimate() {
	id := queue.CallID(a.call.ID)
	a.ctl.beside(func() {
		ctx, cancel := context.WithTimeout(a.living, estimateWait)
		defer cancel()
		e := call.Estimated{}
		if o, err := a.ctl.queue.Outlook(ctx, id); err == nil {
			e.Outlook = call.Outlook{Position: o.Position, Known: o.Known, Low: o.Low, High: o.High}
		}
		e.At = now()
		a.post(e)
	})
}

// promiseWait bounds how long a caller is kept without an answer to the callback key.
const promiseWait = 3 * time.Second

// promise writes a callback down. Whatever happens, an answer comes in time; what the store took later than that is taken back behind it.
func (a *actor) promise(ask int) {
	answer := func(ok bool) { a.post(call.Promised{At: now(), Ask: ask, Ok: ok}) }
	if a.ctl.cfg.Promises == nil || a.number() == "" {
		answer(false)
		return
	}
	var once sync.Once
	late := time.AfterFunc(promiseWait, func() { once.Do(func() { answer(false) }) })
	r, until := a.record(a.call), time.Now().Add(promiseWait)
	a.books.do(a.ctx, func(ctx context.Context) {
		ctx, cancel := context.WithDeadline(ctx, until)
		defer cancel()
		err := again(ctx, 0, func(ctx context.Context) (bool, error) { return true, a.ctl.cfg.Promises.Promise(ctx, r) })
		if err != nil {
			a.log.Info("no callback was promised", "error", err)
		}
		late.Stop()
		once.Do(func() { answer(err == nil) })
	})
}

func (a *actor) withdraw() {
	if a.ctl.cfg.Promises == nil {
		return
	}
	id := a.call.ID
	a.books.do(a.ctx, func(ctx context.Context) {
		err := again(ctx, time.Minute, func(ctx context.Context) (bool, error) { return false, a.ctl.cfg.Promises.Withdraw(ctx, id) })
		if err != nil && ctx.Err() == nil {
			a.log.Error("a callback was not taken back; somebody will call for nothing", "error", err)
		}
	})
}
