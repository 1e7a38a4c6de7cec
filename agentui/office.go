package agentui

import "slices"

// officeEndpoints are what the administrator works with, and what all pages read of it.
func (s *Server) officeEndpoints() []endpoint {
	return slices.Concat(s.settingsEndpoints(), s.phonebookEndpoints(), s.rosterEndpoints(), s.importEndpoints(), s.skillEndpoints())
}
