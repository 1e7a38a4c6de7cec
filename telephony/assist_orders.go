package telephony

import (
	"hotline/queue"
	"hotline/telephony/call"
)

// besides are the verbs of people beside a call.
func besides() map[string]order {
	answer := func(yes bool) order {
		return func(_ *Controller, w call.Wish, _ queue.Command) call.Event {
			return call.InviteAnswered{Wish: w, Yes: yes}
		}
	}
	return map[string]order{
		"invite":        invite,
		"accept_invite": answer(true),
		"refuse_invite": answer(false),
		"cancel_invite": func(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.InviteCancelled{Wish: w, Agent: string(cmd.Agent)}
		},
		"join": join,
		"leave": func(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
			return call.LeaveWanted{Wish: w, Agent: string(cmd.Agent)}
		},
	}
}

// invite asks somebody in; consulting is all that can be asked for.
func invite(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
	if cmd.Agent == "" || cmd.Arg != string(call.Consult) {
		return nil
	}
	return call.Invited{Wish: w, Agent: string(cmd.Agent), Note: cmd.Note}
}

// join is a supervisor's wish to take part, or to take part otherwise.
func join(_ *Controller, w call.Wish, cmd queue.Command) call.Event {
	switch role := call.Role(cmd.Arg); role {
	case call.Monitor, call.Whisper, call.Barge:
		return call.JoinWanted{Wish: w, Role: role}
	}
	return nil
}
