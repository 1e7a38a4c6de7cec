package agentui

import (
	"net/http"
	"slices"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hotline/agentui/aftercare"
	"hotline/agentui/audit"
	"hotline/agentui/broadcast"
	"hotline/agentui/decisions"
	"hotline/agentui/detectors"
	"hotline/agentui/figures"
	"hotline/agentui/imports"
	"hotline/agentui/lines"
	"hotline/agentui/page"
	"hotline/agentui/people"
	"hotline/agentui/persons"
	"hotline/agentui/retention"
	"hotline/agentui/reviews"
	"hotline/agentui/roster"
	"hotline/agentui/skills"
	"hotline/agentui/statistics"
	"hotline/agentui/tapes"
	"hotline/agentui/tasks"
	"hotline/agentui/training"
	"hotline/agentui/versions"
	"hotline/agentui/walls"
)

// pages are the rows of pages.
func (s *Server) pages() []page.Endpoint {
	metrics := promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{})
	return slices.Concat([]page.Endpoint{
		{Pattern: "GET /api/config", Access: page.Anyone, Serve: s.publicConfig},

		{Pattern: "GET /api/wall", Access: page.Wall, Serve: s.showWall},
		{Pattern: "GET /healthz", Access: page.Anyone, Serve: s.healthz},
		{Pattern: "GET /readyz", Access: page.Anyone, Serve: s.readyz},
		{Pattern: "GET /metrics", Access: page.Loopback, Serve: func(w http.ResponseWriter, r *http.Request, _ *page.Visitor) { metrics.ServeHTTP(w, r) }},
		{Pattern: "/api/", Access: page.Anyone, Serve: s.notFound},
		{Pattern: "/", Access: page.Anyone, Serve: s.serveAsset},
	},
		s.taskPages().Endpoints(),
		s.decisionPages().Endpoints(),
		s.figurePages().Endpoints(),
		s.linePages().Endpoints(),
		s.auditPages().Endpoints(),
		s.broadcastPages().Endpoints(),
		s.wallPages().Endpoints(),
		s.settingsEndpoints(),
		s.phonebookEndpoints(),
		s.rosterPages().Endpoints(),
		s.importPages().Endpoints(),
		s.skillPages().Endpoints(),
		s.personPages().Endpoints(),
		s.careEndpoints(),
		s.formEndpoints(),
		s.riskEndpoints(),
		s.securityEndpoints(),
		s.handoverEndpoints(),
		s.incidentEndpoints(),
		s.peoplePages().Endpoints(),
		s.detectorPages().Endpoints(),
		s.aftercarePages().Endpoints(),
		s.trainingPages().Endpoints(),
		s.reviewPages().Endpoints(),
		s.statisticsPages().Endpoints(),
		s.retentionPages().Endpoints(),
		s.recordingPages().Endpoints(),
	)
}

// versions is who serves the documents of the office.
func (s *Server) versions() versions.Clerk { return versions.Clerk{Clerk: s.clerk, Doer: s.doer} }

func (s *Server) recordingPages() *tapes.Pages {
	return tapes.NewPages(s.clerk, tapes.Deps{
		Stores: s.deps.Recorded, Known: knownCalls{s}, Reviews: s.deps.Staff.Reviews, Contacts: s.deps.Phonebook,
		Settings: s.rules, Names: func(locale string) tapes.Names { return s.names(locale) },
		Lines: s.site.lineIDs, People: s.directory.people, Locale: s.cfg.Locale, Least: s.cfg.GrantLife,
	})
}

func (s *Server) reviewPages() *reviews.Pages {
	return &reviews.Pages{Clerk: s.versions(), Store: s.deps.Staff.Reviews, Person: s.nameOf, Line: s.lineOf, Zone: s.site.zone}
}

func (s *Server) statisticsPages() *statistics.Pages {
	return &statistics.Pages{
		Clerk: s.versions(), Store: s.deps.Staff.Statistics, Parameters: s.deps.Staff.Parameters, Settings: s.rules, Lines: s.site.lineIDs, Line: s.lineOf,
		Zone: s.site.zone, Locale: s.cfg.Locale,
	}
}

func (s *Server) trainingPages() *training.Pages {
	return &training.Pages{
		Clerk: s.versions(), Store: s.deps.Staff.Qualifications, Requirements: s.deps.Staff.Requirements, People: s.deps.Users, Standings: s.standingsOf, Person: s.nameOf,
		Lines: s.site.lineIDs, Line: s.lineOf, Zone: s.site.zone,
	}
}

func (s *Server) retentionPages() *retention.Pages {
	return &retention.Pages{Clerk: s.clerk, Store: s.deps.Retention, Tapes: s.deps.Tapes, Settings: s.deps.Settings, Person: s.nameOf}
}

func (s *Server) linePages() *lines.Pages {
	return &lines.Pages{Clerk: s.versions(), Store: s.deps.Lines, People: s.deps.Users}
}

func (s *Server) rosterPages() *roster.Pages {
	return &roster.Pages{Clerk: s.versions(), Store: s.deps.Roster, People: s.deps.Users, Person: s.nameOf}
}

func (s *Server) importPages() *imports.Pages {
	return &imports.Pages{Clerk: s.versions(), Store: s.deps.Imports}
}

func (s *Server) skillPages() *skills.Pages {
	return &skills.Pages{Clerk: s.versions(), Store: s.deps.Skills, RefuseLines: s.linePages().Refuse}
}

func (s *Server) detectorPages() *detectors.Pages {
	return detectors.NewPages(s.clerk, detectors.Deps{Store: s.deps.Detectors, About: s.aboutCall, Found: s.deps.Detected, Person: s.nameOf})
}

func (s *Server) auditPages() *audit.Pages {
	return &audit.Pages{Clerk: s.clerk, Store: s.deps.Trail, People: s.deps.Users, Person: s.nameOf, Doer: s.doer}
}

func (s *Server) broadcastPages() *broadcast.Pages {
	return &broadcast.Pages{Clerk: s.clerk, Store: s.deps.Broadcasts, Changed: s.broadcastsChanged, Person: s.nameOf}
}

func (s *Server) wallPages() *walls.Pages {
	return &walls.Pages{Clerk: s.clerk, Store: s.deps.Walls, Person: s.nameOf}
}

func (s *Server) aftercarePages() *aftercare.Pages {
	return &aftercare.Pages{
		Clerk: s.parts(), Stores: s.deps.Aftercare, Documents: s.versions(), Contacts: s.deps.Care.Contacts, Board: s.board, People: s.directory.people,
		Account: s.directory.person, Person: s.nameOf, Doer: s.doer, Line: s.lineOf, Shown: s.site.shown, Zone: s.site.zone, NoTrunk: s.cfg.NoTrunk,
	}
}

func (s *Server) taskPages() *tasks.Pages {
	return &tasks.Pages{
		Clerk: s.parts(), Callbacks: s.deps.Callbacks, Blocks: s.deps.Blocks, Board: s.board, Person: s.nameOf, Line: s.lineOf, NoTrunk: s.cfg.NoTrunk,
	}
}

func (s *Server) decisionPages() *decisions.Pages {
	return &decisions.Pages{Clerk: s.clerk, Store: s.deps.Decisions, Person: s.nameOf}
}

func (s *Server) figurePages() *figures.Pages {
	return &figures.Pages{Clerk: s.clerk, Counter: s.figures, Lines: s.site.lineIDs, Line: s.lineOf}
}

func (s *Server) personPages() *persons.Pages {
	return &persons.Pages{
		Clerk: s.parts(), Stores: s.deps.Persons, Contacts: s.deps.Care.Contacts, Plans: s.deps.Care.Plans, Filed: s.deps.Care.Dispositions, Board: s.board,
		TookPart: s.served, Earlier: s.contact, Plan: s.plan, Pace: s.noteLimits.allow, Person: s.nameOf, Doer: s.doer, Line: s.lineOf,
	}
}

func (s *Server) peoplePages() *people.Pages {
	return &people.Pages{
		Clerk: s.clerk, Users: s.deps.Users, Factors: s.deps.Factors, Locks: s.locks, Telephones: s.deps.Telephones, LookAgain: s.lookAgain, Learn: s.directory.learn,
		Person: s.nameOf, Doer: s.doer,
	}
}
