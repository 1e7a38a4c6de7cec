package agentui

import (
	"slices"

	"hotline/agentui/page"
)

// officeEndpoints are what the administrator works with, and what all pages read of it.
func (s *Server) officeEndpoints() []page.Endpoint {
	return slices.Concat(s.settingsEndpoints(), s.phonebookEndpoints(), s.rosterEndpoints(), s.importEndpoints(), s.skillEndpoints())
}
