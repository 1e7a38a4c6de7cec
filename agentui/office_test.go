package agentui

import "fmt"

// officeAccess is who may use the endpoints of office.go.
func officeAccess() map[string]access {
	want := map[string]access{
		"GET /api/settings": accessSignedIn, "GET /api/phonebook": accessServing, "POST /api/calls/{id}/contact": accessServing,
		"POST /api/admin/roster/review": accessAdministrator, "POST /api/admin/roster/publish": accessAdministrator,
		"GET /api/admin/roster/publications": accessAdministrator, "GET /api/admin/roster/people": accessAdministrator,
		"GET /api/admin/roster/all.ics": accessAdministrator, "GET /api/roster/me.ics": accessSignedIn, "POST /api/roster/feed": accessSignedIn,
		"POST /api/roster/feed/revoke": accessSignedIn, "GET /api/roster/feed/{token}": accessAnyone,
	}
	for _, document := range []string{"settings", "phonebook", "roster"} {
		for _, pattern := range []string{"GET %s", "PUT %s", "GET %s/versions", "GET %s/versions/{n}", "POST %s/versions/{n}/restore", "POST %s/check"} {
			want[fmt.Sprintf(pattern, "/api/admin/"+document)] = accessAdministrator
		}
	}
	return want
}
