package main

import (
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"vera/host"
	"vera/host/plugboard"
)

// metrics are what GET /metrics shows of one host.
type metrics struct {
	http.Handler
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
}

func newMetrics(s *service) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vera_requests_total", Help: "Requests by action and status of the answer; without an action: there is none of that name.",
		}, []string{"action", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vera_request_duration_seconds", Help: "From a request's arrival to its answer, without the time that this is held back.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"action"}),
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(m.requests, m.durations, &standing{s}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.Handler = promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	return m
}

func (m *metrics) observe(o host.Outcome) {
	m.requests.WithLabelValues(o.Action, strconv.Itoa(o.Status)).Inc()
	m.durations.WithLabelValues(o.Action).Observe(o.Duration.Seconds())
}

// standing shows what the parts of a service know of themselves, when asked.
type standing struct{ service *service }

// Describe says nothing: what there is to collect depends on what happened.
func (*standing) Describe(chan<- *prometheus.Desc) {}

// A reading is one number under a name.
type reading struct {
	name, help string
	kind       prometheus.ValueType
	value      float64
}

// Collect reads everything.
func (c *standing) Collect(out chan<- prometheus.Metric) {
	s := c.service
	for _, r := range slices.Concat(hubReadings(s.client.Stats()), s.actionReadings(), s.poolReadings()) {
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("vera_"+r.name, r.help, nil, nil), r.kind, r.value)
	}
	exceeded := prometheus.NewDesc("vera_limit_exceeded_total", "How often a limit was reached, by the setting that moves it.", []string{"limit"}, nil)
	counts := s.meter.Counts()
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		out <- prometheus.MustNewConstMetric(exceeded, prometheus.CounterValue, float64(counts[name]), name)
	}
}

func hubReadings(stats plugboard.Stats) []reading {
	joined := 0.0
	if stats.Joined {
		joined = 1
	}
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []reading{
		{"hub_joined", "1 while the hub sends us requests.", gauge, joined},
		{"hub_sessions_total", "Connections that the hub accepted.", counter, float64(stats.Sessions)},
		{"hub_in_flight", "Requests that have no answer yet.", gauge, float64(stats.InFlight)},
		{"hub_requests_total", "Requests that could be answered.", counter, float64(stats.Requests)},
		{"hub_answers_total", "Answers that were written to a connection.", counter, float64(stats.Answers)},
		{"hub_duplicates_total", "Requests that came a second time and were not run again.", counter, float64(stats.Duplicates)},
		{"hub_expired_total", "Answers that were dropped because they would have come too late.", counter, float64(stats.Expired)},
		{"hub_rejected_total", "Answers that the hub returned, which were sent again.", counter, float64(stats.Rejected)},
		{"hub_replaced_total", "Answers that the hub could not have decoded, in place of which 500 was sent.", counter, float64(stats.Replaced)},
		{"hub_bad_frames_total", "Frames that are not what the protocol says.", counter, float64(stats.BadFrames)},
		{"hub_ignored_total", "Frames with an unknown event or topic.", counter, float64(stats.Ignored)},
	}
}

func (s *service) actionReadings() []reading {
	status := s.actions.Status()
	return []reading{
		{"actions", "Actions that are served.", prometheus.GaugeValue, float64(len(status.Served.Actions))},
		{"actions_stale", "Files with a fault, of which the last good version is served, or none.", prometheus.GaugeValue, float64(len(status.Faults))},
	}
}

func (s *service) poolReadings() []reading {
	running, idle := s.scripts.Load()
	readings := []reading{
		{"vms_running", "VMs that run an action.", prometheus.GaugeValue, float64(running)},
		{"vms_idle", "VMs that are ready.", prometheus.GaugeValue, float64(idle)},
	}
	stat := s.database.Stat()
	return append(readings,
		reading{"database_connections_in_use", "Connections to the database that a run has.", prometheus.GaugeValue, float64(stat.AcquiredConns())},
		reading{"database_connections", "Connections to the database.", prometheus.GaugeValue, float64(stat.TotalConns())},
		reading{"database_waits_total", "How often a run had to wait for a connection.", prometheus.CounterValue, float64(stat.EmptyAcquireCount())},
	)
}
