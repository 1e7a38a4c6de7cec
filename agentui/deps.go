package agentui

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"hotline/agentui/aftercare"
	"hotline/agentui/audit"
	"hotline/agentui/broadcast"
	"hotline/agentui/decisions"
	"hotline/agentui/detectors"
	"hotline/agentui/figures"
	"hotline/agentui/imports"
	"hotline/agentui/page"
	"hotline/agentui/persons"
	"hotline/agentui/protocol"
	"hotline/agentui/retention"
	"hotline/agentui/skills"
	"hotline/agentui/statistics"
	"hotline/agentui/tapes"
	"hotline/agentui/tasks"
	"hotline/agentui/users"
	"hotline/agentui/versions"
	"hotline/agentui/walls"
	"hotline/casework/phonebook"
	"hotline/casework/qualifications"
	"hotline/casework/reviews"
	"hotline/casework/roster"
	params "hotline/casework/statistics"
	"hotline/queue"
)

// index is what the console asks of the queue.
type index interface {
	Snapshot(ctx context.Context) (queue.Snapshot, error)
	Follow(ctx context.Context, after string, fn func(queue.Event) error) error
	SignIn(ctx context.Context, req queue.RequestID, a queue.Agent) (queue.Agent, error)
	SignOut(ctx context.Context, req queue.RequestID, id queue.AgentID, session string) error
	Ready(ctx context.Context, req queue.RequestID, id queue.AgentID, session string) (queue.Agent, error)
	NotReady(ctx context.Context, req queue.RequestID, id queue.AgentID, session, reason string) (queue.Agent, error)
	Away(ctx context.Context, req queue.RequestID, id queue.AgentID, session string) error
	Accept(ctx context.Context, req queue.RequestID, offer queue.OfferID, agent queue.AgentID, session string) (queue.Call, error)
	Decline(ctx context.Context, req queue.RequestID, offer queue.OfferID, agent queue.AgentID, session string) error
	RestoreAgent(ctx context.Context, req queue.RequestID, a queue.Agent) error
	Order(ctx context.Context, cmd queue.Command) error
	Force(ctx context.Context, req queue.RequestID, agent queue.AgentID, state queue.AgentState, by queue.AgentID) (queue.Agent, error)
	Assign(ctx context.Context, req queue.RequestID, call queue.CallID, agent, by queue.AgentID) (queue.Call, error)
	MoveUp(ctx context.Context, req queue.RequestID, call queue.CallID, by queue.AgentID) (queue.Call, error)
	AckSOS(ctx context.Context, req queue.RequestID, agent, by queue.AgentID) (queue.Agent, error)
	EndSOS(ctx context.Context, req queue.RequestID, agent, by queue.AgentID) (queue.Agent, error)
	SOS(ctx context.Context, req queue.RequestID, agent queue.AgentID, session string, call queue.CallID) (queue.Agent, error)
	ExtendWrapUp(ctx context.Context, req queue.RequestID, agent queue.AgentID, session string, by time.Duration) (queue.Agent, error)
	Unkeep(ctx context.Context, req queue.RequestID, agent queue.AgentID, session string) (queue.Agent, error)
	Filed(ctx context.Context, req queue.RequestID, call queue.CallID, agent queue.AgentID) error
	Lead(ctx context.Context, req queue.RequestID, agent queue.AgentID, session string, on bool) (queue.Agent, error)
	KeepAlarm(ctx context.Context, a queue.Alarm) error
	HearAlarm(ctx context.Context, call queue.CallID, by queue.AgentID) error
	Alarms(ctx context.Context) ([]queue.Alarm, error)
}

var _ index = (*queue.Queue)(nil)

// Actions of the audit trail.
const (
	ActionContactTyped = "contact.typed" // a number outside for one call; documents add <name>.save and <name>.restore
)

// LegEventType names the news of a gateway.
type LegEventType string

// The news of a gateway.
const (
	LegSnapshot LegEventType = "snapshot" // Legs is the whole list; first after every connect
	LegChanged  LegEventType = "leg"
	LegGone     LegEventType = "gone" // with Reason
	LegQuality  LegEventType = "quality"
	LegsUnknown LegEventType = "lost" // the connection broke and is being made again: every leg is taken to be gone
)

// LegInfo is one leg as its gateway tells it.
type LegInfo struct {
	ID    string
	Agent string
	State string   // connecting, connected, silent
	Nodes []string // Asterisk nodes that it is attached to
}

// LegMeasure is the quality of a leg (milliseconds, percent, estimated mean opinion score).
type LegMeasure struct{ RTTms, LossPercent, JitterMs, MOS float64 }

// LegEvent is one piece of news of a gateway.
type LegEvent struct {
	Type    LegEventType
	Legs    []LegInfo // snapshot
	Leg     LegInfo   // leg, gone; quality: ID only
	Reason  string    // gone
	Quality LegMeasure
}

// Gateway is one media gateway.
type Gateway interface {
	// CreateLeg answers a browser's SDP offer; leg is a ULID of ours.
	CreateLeg(ctx context.Context, leg, agent, offer string) (answer string, err error)
	// Restart answers an ICE restart.
	Restart(ctx context.Context, leg, offer string) (answer string, err error)
	// Suspect tells that the browser's websocket is gone.
	Suspect(ctx context.Context, leg string) error
	// CloseLeg ends a leg; one that is gone already is no error.
	CloseLeg(ctx context.Context, leg string) error
	// Follow calls fn with a snapshot and then with each event, until ctx ends or the connection breaks. It may also connect again by itself,
	// when it tells LegsUnknown at each break. fn does not block.
	Follow(ctx context.Context, fn func(LegEvent)) error
}

// Staff is what the console stands on for people's training, for reviews of their talks and for the statistics.
type Staff struct {
	Qualifications *qualifications.Store
	Requirements   versions.Store[qualifications.Requirements]
	Statistics     statistics.Store
	Parameters     versions.Store[params.Params]
	Reviews        *reviews.Store
}

func (s Staff) missing() bool {
	return s.Qualifications == nil || s.Requirements == nil || s.Statistics == nil || s.Parameters == nil || s.Reviews == nil
}

// Deps are the parts that the console stands on.
type Deps struct {
	Log        *slog.Logger
	Queue      index // *queue.Queue
	Users      *users.Store
	Factors    *users.Factors
	Provider   identities // of identities; nil: none
	Audit      page.Trail
	Trail      audit.Store // the audit trail, for who reads it
	Recorded   tapes.Stores
	Callbacks  tasks.Callbacks // *casework.Callbacks
	Blocks     tasks.Blocks    // *casework.Blocks
	Lines      policies        // *lines.Store
	Decisions  decisions.Store // *decisions.Store
	Settings   settingsStore   // *settings.Store
	Phonebook  *phonebook.Store
	Roster     *roster.Store
	Imports    *imports.Store
	Skills     *skills.Store
	Figures    figures.Store // *figures.Store
	Broadcasts *broadcast.Store
	Walls      *walls.Store
	Telephones *users.Telephones                                // where people are called when nobody has seen an alarm
	Detectors  *detectors.Store                                 // *detectors.Store
	Detected   func(context.Context, detectors.Detection) error // takes in what a detector outside found; nil error: it is durable
	Care       Care                                             // see OpenCare
	Crisis     Crisis                                           // the escalation
	Aftercare  aftercare.Stores
	Persons    persons.Stores
	Retention  retention.Store                                   // *retention.Store, and the codes of files
	Tapes      retention.Tapes                                   // what of recordings is due, and went
	Risk       Risk                                              // see OpenRisk
	Handovers  summaries                                         // *handovers.Store
	Staff      Staff                                             // training, qualifications, statistics
	Gateways   map[string]Gateway                                // by id
	ICEServers func(queue.AgentID) ([]protocol.ICEServer, error) // STUN and relay for the browser of a person; nil: none
	Assets     fs.FS                                             // the built web app, index.html in its root
	Checks     map[string]func(context.Context) error            // for /readyz, such as "redis" and "database"; each ends with its context
	Metrics    *prometheus.Registry                              // gets the console's collectors and is what /metrics shows
}

func (d Deps) validate() error {
	var errs []error
	for name, missing := range map[string]bool{
		"Log": d.Log == nil, "Queue": d.Queue == nil, "Users": d.Users == nil, "Audit": d.Audit == nil, "Factors": d.Factors == nil, "Trail": d.Trail == nil, "Recorded": d.Recorded.Missing(),
		"Callbacks": d.Callbacks == nil, "Blocks": d.Blocks == nil, "Assets": d.Assets == nil, "Metrics": d.Metrics == nil, "Lines": d.Lines == nil,
		"Decisions": d.Decisions == nil, "Settings": d.Settings == nil, "Phonebook": d.Phonebook == nil, "Roster": d.Roster == nil, "Imports": d.Imports == nil, "Skills": d.Skills == nil,
		"Figures": d.Figures == nil, "Broadcasts": d.Broadcasts == nil, "Walls": d.Walls == nil, "Care": d.Care.missing(), "Telephones": d.Telephones == nil, "Detectors": d.Detectors == nil, "Detected": d.Detected == nil,
		"Crisis": d.Crisis.missing(), "Aftercare": d.Aftercare.Missing(),
		"Persons":   d.Persons.Missing(),
		"Handovers": d.Handovers == nil,
		"Staff":     d.Staff.missing(),
		"Retention": d.Retention == nil,
		"Tapes":     d.Tapes == nil,
		"Risk":      d.Risk.Forms == nil || d.Risk.Kept == nil,
	} {
		if missing {
			errs = append(errs, errors.New("console: "+name+" is missing"))
		}
	}
	return errors.Join(errs...)
}
