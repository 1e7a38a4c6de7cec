package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// checks by name; each says within its context what is wrong.
type checks map[string]func(context.Context) error

func registry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}

// unregistered is for parts whose figures nobody reads, such as those of a short command.
func unregistered() prometheus.Registerer { return prometheus.NewRegistry() }

// serveAdmin answers /healthz, /readyz, /metrics and /debug/pprof/profile (what the role's processor time goes into) of a role, and what more adds,
// on loopback until ctx ends.
func serveAdmin(ctx context.Context, addr string, reg *prometheus.Registry, cs checks, more ...func(*http.ServeMux)) error {
	mux := http.NewServeMux()
	for _, add := range more {
		add(mux)
	}
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]any{"status": "ok"}) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), time.Second)
		defer cancel()
		faults := map[string]string{}
		for name, check := range cs {
			if err := check(ctx); err != nil {
				faults[name] = err.Error()
			}
		}
		if len(faults) > 0 {
			answer(w, http.StatusServiceUnavailable, map[string]any{"status": "unready", "checks": faults})
			return
		}
		answer(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	l, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin server: %w", err)
	}
	return nil
}

// listen binds, and waits a moment for the port of a process that was just killed.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	for deadline := time.Now().Add(2 * time.Second); ; {
		l, err := net.Listen("tcp", addr)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return l, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
