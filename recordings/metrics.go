package recordings

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what recorders and intakes do. Labels hold no ids.
type Metrics struct {
	openTakes     prometheus.Gauge
	bytes         prometheus.Counter
	gapSeconds    prometheus.Counter
	lateSamples   prometheus.Counter
	droppedChunks *prometheus.CounterVec
	droppedMarks  prometheus.Counter
	leftParts     prometheus.Counter
	sealSeconds   prometheus.Histogram
	stored        *prometheus.CounterVec
	storeErrors   prometheus.Counter
	broken        prometheus.Counter
	spoolParts    prometheus.Gauge
	spoolBytes    prometheus.Gauge
	spoolOldest   prometheus.Gauge
	spoolFree     prometheus.Gauge
	emptiedKeys   prometheus.Gauge
	unsigned      prometheus.Counter
}

// NewMetrics registers the collectors of this package.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := newMetrics()
	reg.MustRegister(m.openTakes, m.bytes, m.gapSeconds, m.lateSamples, m.droppedChunks, m.droppedMarks, m.leftParts, m.sealSeconds, m.stored, m.storeErrors, m.broken,
		m.spoolParts, m.spoolBytes, m.spoolOldest, m.spoolFree, m.emptiedKeys, m.unsigned)
	return m
}

func newMetrics() *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "hotline", Subsystem: "recordings", Name: name, Help: help})
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "hotline", Subsystem: "recordings", Name: name, Help: help})
	}
	return &Metrics{
		openTakes:   gauge("open_takes", "Recordings being made."),
		spoolParts:  gauge("spool_parts", "Finished parts that wait for the store."),
		spoolBytes:  gauge("spool_bytes", "Bytes of the finished parts that wait for the store."),
		spoolOldest: gauge("spool_oldest_seconds", "How long the oldest of them waits."),
		spoolFree:   gauge("spool_free_bytes", "Bytes that are free where the spool is."),
		emptiedKeys: gauge("emptied_keys", "Parts whose keys were emptied in the database though nobody erased them."),
		unsigned:    counter("unsigned_total", "Parts that were taken in without a signature, because the key that signs cannot be read."),
		bytes:       counter("sealed_bytes_total", "Bytes of sealed frames written."),
		gapSeconds:  counter("gap_seconds_total", "Time without audio in closed recordings, summed over both sides."),
		lateSamples: counter("late_samples_total", "Samples that came too late to be placed."),
		droppedChunks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "hotline", Subsystem: "recordings", Name: "dropped_chunks_total",
			Help: "Pieces that became gaps: the disk refused them (disk) or fell behind (slow).",
		}, []string{"cause"}),
		droppedMarks: counter("dropped_marks_total", "Marks beyond what one recording may carry."),
		leftParts:    counter("left_parts_total", "Parts that the disk refused and that were left for another part of the same talk."),
		sealSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "hotline", Subsystem: "recordings", Name: "seal_seconds", Help: "Time from the end of a take to its safety on disk.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5},
		}),
		stored: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "hotline", Subsystem: "recordings", Name: "stored_total", Help: "Recordings moved to the store and indexed.",
		}, []string{"complete"}),
		storeErrors: counter("store_errors_total", "Attempts to store a recording that failed and will be repeated."),
		broken:      counter("broken_total", "Recordings that lost their writer and cannot be read; put aside for a person."),
	}
}
