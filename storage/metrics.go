package storage

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Register exposes the figures of the connection pools (go_sql_…, label db_name: write, read).
func (db *DB) Register(reg prometheus.Registerer) error {
	if err := reg.Register(collectors.NewDBStatsCollector(db.write, "write")); err != nil {
		return err
	}
	if db.read == db.write {
		return nil
	}
	return reg.Register(collectors.NewDBStatsCollector(db.read, "read"))
}
