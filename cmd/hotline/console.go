package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"hotline/agentui"
	"hotline/agentui/broadcast"
	"hotline/agentui/detectors"
	"hotline/agentui/imports"
	"hotline/agentui/persons"
	"hotline/agentui/protocol"
	"hotline/agentui/skills"
	"hotline/agentui/tapes"
	"hotline/agentui/users"
	"hotline/agentui/walls"
	"hotline/agentui/web"
	"hotline/casework"
	"hotline/casework/decisions"
	service "hotline/casework/figures"
	"hotline/casework/handovers"
	"hotline/casework/phonebook"
	"hotline/casework/roster"
	"hotline/crisis/reports"
	"hotline/queue"
	"hotline/queue/lines"
	"hotline/recordings"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/webrtc"
)

func runConsole(ctx context.Context, c Config, log *slog.Logger) error {
	reg := registry()
	q, rdb, err := c.queue(reg)
	if err != nil {
		return err
	}
	defer rdb.Close()
	db, err := c.database(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	people, err := users.Open(ctx, db)
	if err != nil {
		return err
	}
	index, err := recordings.NewIndex(ctx, db)
	if err != nil {
		return err
	}
	callerKeys, err := c.callerKeys()
	if err != nil {
		return err
	}
	rules := c.callbackRules()
	callbacks, err := rules.callbacks(db, callerKeys)
	if err != nil {
		return err
	}
	gateways, err := c.gatewayClients()
	if err != nil {
		return err
	}
	assets, err := fs.Sub(web.Dist, "dist")
	if err != nil {
		return err
	}
	reasons, err := decisions.Open(ctx, db)
	if err != nil {
		return err
	}
	summaries, err := handovers.Open(ctx, db, callerKeys)
	if err != nil {
		return err
	}
	store, err := lines.Open(ctx, db, c.lineSite())
	if err != nil {
		return err
	}
	rulings, err := c.settings(ctx, db)
	if err != nil {
		return err
	}
	contacts, err := phonebook.Open(ctx, db, callerKeys, region)
	if err != nil {
		return err
	}
	care, err := agentui.OpenCare(ctx, db, callerKeys)
	if err != nil {
		return err
	}
	escalation, err := c.escalation(ctx, db, callerKeys, log)
	if err != nil {
		return err
	}
	after, err := c.aftercare(ctx, db, callerKeys, rules, callbacks, escalation.Incidents)
	if err != nil {
		return err
	}
	danger, err := agentui.OpenRisk(ctx, db, callerKeys)
	if err != nil {
		return err
	}
	retained, err := c.retention(ctx, db, callerKeys)
	if err != nil {
		return err
	}
	known, err := persons.Open(ctx, db, callerKeys, danger.Forms, escalation.Policy, retained)
	if err != nil {
		return err
	}
	known.Life = lives{escalation.Incidents, after.FollowUps, danger.Kept}
	told, err := broadcast.Open(ctx, db)
	if err != nil {
		return err
	}
	displays, err := walls.Open(ctx, db)
	if err != nil {
		return err
	}
	outside, err := detectors.Open(ctx, db)
	if err != nil {
		return err
	}
	rosters, err := roster.Open(ctx, db)
	if err != nil {
		return err
	}
	audit := casework.NewAudit(db)
	files, err := imports.Open(ctx, db, imports.Stores{Users: people, Phonebook: contacts, Roster: rosters, Lines: store, Referrals: after.Referrals})
	if err != nil {
		return err
	}
	shelf, err := c.library(index, retained)
	if err != nil {
		return err
	}
	recorded, err := tapes.Open(ctx, db, callerKeys, shelf)
	if err != nil {
		return err
	}
	staff, err := c.staff(ctx, db, callerKeys, callbacks, escalation.Incidents)
	if err != nil {
		return err
	}
	deps := agentui.Deps{
		Retention: retained,
		Tapes:     keptTapes{index, keep{retained}, c.Recordings, rulings},
		Staff:     staff,
		Persons:   known,
		Care:      care, Crisis: escalation, Aftercare: after, Risk: danger,
		Settings: rulings, Phonebook: contacts, Roster: rosters, Imports: files, Skills: skills.New(db, skills.Stores{Users: people, Lines: store, Settings: rulings}),
		Figures: service.New(db), Broadcasts: told, Walls: displays, Telephones: people.Telephones(callerKeys, region), Detectors: outside, Detected: detected(escalation.Incidents),
		Log: log, Queue: q, Lines: sitePolicy{store, c, q, log}, Users: people, Audit: trail{audit}, Trail: audit, Factors: people.Factors(callerKeys, c.factorIssuer()), Decisions: reasons, Handovers: summaries, Recorded: recorded,
		Callbacks: callbacks, Blocks: casework.NewBlocks(db),
		Gateways: map[string]agentui.Gateway{}, Assets: assets, Metrics: reg,
		Checks: map[string]func(context.Context) error{
			"redis": func(ctx context.Context) error { return rdb.Ping(ctx).Err() }, "database": db.Ping,
		},
	}
	if deps.ICEServers, err = c.iceServers(); err != nil {
		return err
	}
	if c.Provider.Issuer != "" {
		if deps.Provider, err = c.provider(); err != nil {
			return err
		}
	}
	for _, g := range gateways {
		deps.Gateways[g.ID] = media{g}
	}
	srv, err := agentui.New(c.console(), deps)
	if err != nil {
		return err
	}
	l, err := listen(ctx, c.open(portConsole))
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return together(ctx, rules.follow(log), func(ctx context.Context) error { return srv.Serve(ctx, l) })
}

// escalation is what the console needs of incidents: them, the policy, and their reports.
func (c Config) escalation(ctx context.Context, db *storage.DB, keys *casework.Keys, log *slog.Logger) (out agentui.Crisis, err error) {
	if out.Incidents, out.Policy, err = c.crisis(ctx, db, keys, log); err == nil {
		out.Reports, err = reports.Open(ctx, db, keys)
	}
	return out, err
}

// sitePolicy is the store of lines for the console. Following it also sets the queue, and goes on without the database.
type sitePolicy struct {
	*lines.Store
	c   Config
	q   *queue.Queue
	log *slog.Logger
}

func (s sitePolicy) Watch(ctx context.Context, tell func(lines.Version, lines.Mode)) error {
	return s.c.followPolicy(s.q, s.log, tell)(ctx)
}

func (c Config) console() agentui.Config {
	cfg := agentui.Config{
		ID: consoleID, Addr: c.open(portConsole), Reasons: c.Reasons, Codec: c.Codecs[0],
		Demo: c.Demo, Ring: c.Ring, AwayLimit: c.ReturnWait, NoTrunk: c.dials() == "",
		FactorOptional: c.Demo, IdleLock: c.IdleLock, ProviderName: c.Provider.shownName(),
	}
	if c.PublicURL != "" {
		cfg.BehindTLS, cfg.Origins = true, []string{c.PublicURL}
	}
	return cfg
}

// relayLife is how long a browser's relay credentials hold: longer than a shift.
const relayLife = 14 * time.Hour

// iceServers makes the STUN and TURN servers of a person's browser.
func (c Config) iceServers() (func(queue.AgentID) ([]protocol.ICEServer, error), error) {
	m, err := c.media()
	if err != nil {
		return nil, err
	}
	return func(id queue.AgentID) ([]protocol.ICEServer, error) {
		found, err := m.BrowserServers(string(id), relayLife)
		out := make([]protocol.ICEServer, 0, len(found))
		for _, s := range found {
			out = append(out, protocol.ICEServer(s))
		}
		return out, err
	}, nil
}

// media is a gateway as the console knows it.
type media struct{ telephony.Gateway }

var _ agentui.Gateway = media{}

func (m media) CreateLeg(ctx context.Context, leg, agent, offer string) (string, error) {
	return m.Client.CreateLeg(ctx, leg, agent, offer)
}

func (m media) Restart(ctx context.Context, leg, offer string) (string, error) {
	return m.Client.Restart(ctx, leg, offer)
}

func (m media) Suspect(ctx context.Context, leg string) error  { return m.Client.Suspect(ctx, leg) }
func (m media) CloseLeg(ctx context.Context, leg string) error { return m.Client.CloseLeg(ctx, leg) }

func (m media) Follow(ctx context.Context, fn func(agentui.LegEvent)) error {
	return m.Client.Follow(ctx, func(e webrtc.Event) error {
		out := agentui.LegEvent{Type: agentui.LegEventType(e.Type), Leg: legInfo(e.Leg), Reason: string(e.Reason)}
		out.Quality = agentui.LegMeasure{RTTms: e.Quality.RTT, LossPercent: e.Quality.Loss, JitterMs: e.Quality.Jitter, MOS: e.Quality.MOS}
		for _, l := range e.Legs {
			out.Legs = append(out.Legs, legInfo(l))
		}
		fn(out)
		return nil
	})
}

func legInfo(l webrtc.Leg) agentui.LegInfo {
	return agentui.LegInfo{ID: l.ID, Agent: l.Agent, State: string(l.State), Nodes: l.Nodes}
}
