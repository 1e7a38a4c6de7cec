package main

import (
	"context"
	"log/slog"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"hotline/deploy/prompts"
	"hotline/queue"
	"hotline/storage"
	"hotline/telephony"
	"hotline/telephony/ari"
	"hotline/telephony/call"
	"hotline/telephony/webrtc"
)

func (c Config) queue(reg prometheus.Registerer) (*queue.Queue, redis.UniversalClient, error) {
	rdb, err := c.redis()
	if err != nil {
		return nil, nil, err
	}
	q, err := queue.New(rdb, c.queueConfig(c.Policy))
	if err != nil {
		return nil, nil, err
	}
	return q, rdb, q.Register(reg)
}

func (c Config) database(ctx context.Context) (*storage.DB, error) {
	return storage.Open(ctx, c.databaseConfig())
}

func (c Config) databaseConfig() storage.Config {
	cfg := storage.Config{URL: c.Database}
	if file := c.path("secrets", "database-password"); strings.HasPrefix(c.Database, "postgres") {
		if _, err := os.Stat(file); err == nil {
			cfg.PasswordFile = file
		}
	}
	return cfg
}

func dialectOf(cfg storage.Config) storage.Dialect {
	if strings.HasPrefix(cfg.URL, "sqlite:") {
		return storage.SQLite
	}
	return storage.Postgres
}

func (c Config) ariURL(n node) string { return "http://" + c.port(n.ari()) + "/ari" }

// asteriskClient is a client of a node's control interface for the application of a controller; other roles only send requests.
func (c Config) asteriskClient(n node, app string, log *slog.Logger, reg prometheus.Registerer) (*ari.Client, error) {
	password, err := c.secret("ari-password")
	if err != nil {
		return nil, err
	}
	return ari.New(ari.Config{URL: c.ariURL(n), User: "hotline", Password: password, App: app}, log, reg)
}

// quiet is for short commands, which say what is wrong themselves.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// media is the gateway's configuration; the console makes browsers' relay credentials from the same.
func (c Config) media() (webrtc.Config, error) {
	m := webrtc.Defaults()
	var err error
	if m.Secret, err = c.secret("gateway-secret"); err != nil {
		return m, err
	}
	if m.TURN.Secret, err = c.secret("turn-secret"); err != nil {
		return m, err
	}
	m.ID, m.TURN.Listen, m.TURN.PublicIP = gatewayID, c.TURN.Listen, c.TURN.PublicIP
	m.Listen, m.ICEUDP, m.ICETCP, m.RTP = c.port(portGateway), c.open(portICE), c.open(portICE), c.port(portRTP)
	m.PublicIPs, m.ICEServers, m.Codecs = c.PublicIPs, c.ICEServers, c.Codecs
	return m, nil
}

// gatewayClients are the clients of the gateways' internal API.
func (c Config) gatewayClients() ([]telephony.Gateway, error) {
	secret, err := c.secret("gateway-secret")
	if err != nil {
		return nil, err
	}
	return []telephony.Gateway{{ID: gatewayID, Client: webrtc.NewClient("http://"+c.port(portGateway), secret)}}, nil
}

// Names of the one-machine roles.
const (
	gatewayID = "gateway-1"
	consoleID = "console-1"
)

func (c Config) sounds() prompts.Sounds {
	return prompts.Sounds{Dir: c.path("prompts"), Languages: []string{"zh-CN", "en"}}
}

// spoken are the prompts of a line as the controller names them, by language.
func spoken(s prompts.Sounds, line prompts.Line) map[string]map[call.Prompt]string {
	all := map[string]map[call.Prompt]string{}
	for _, language := range s.Languages {
		said := map[call.Prompt]string{}
		for name, media := range s.Spoken(language, line) {
			said[call.Prompt(name)] = media
		}
		said[call.PromptReconnecting], said[call.PromptDanger] = said[prompts.Technical], said[prompts.DangerNoted]
		all[language] = said
	}
	return all
}
