// Package page is what a page of the console asks of the server that serves it: who asks ([Visitor]), who may ([Access]), a row of the table of what can
// be asked ([Endpoint]), and a [Clerk] who takes in what is asked, writes down what is about to be done and answers. It knows no page and no data.
package page

import (
	"net/http"

	"hotline/agentui/protocol"
	"hotline/agentui/users"
)

// Visitor is who sent a request.
type Visitor struct {
	User   users.User
	Key    string // names the sign-in without opening it
	Grants []byte // the secret of this sign-in, by which leave to see one thing is given and known again ([NewGrant])
}

// Access says who may use an endpoint. The zero value allows nobody, so that an endpoint without a word about access stays shut.
type Access int

// Who may use an endpoint.
const (
	Nobody Access = iota
	Anyone
	SignedIn
	Supervisor
	Serving // who takes calls: agents and supervisors
	Administrator
	Leading  // supervisors and administrators
	Security // who lets people in
	Auditor  // who reads the audit trail
	Loopback
	Wall     // a big display by its own link, which is good for nothing else
	Public   // the public by a link of its own, likewise
	Training // who looks after the training of people: supervisors and who lets people in
	Detector // a program outside by its own secret, likewise; the endpoint itself looks at it
)

// Roles are those that an access asks for; empty: any.
func (a Access) Roles() []users.Role {
	switch a {
	case Supervisor:
		return []users.Role{users.Supervisor}
	case Administrator:
		return []users.Role{users.Administrator}
	case Serving:
		return []users.Role{users.Agent, users.Supervisor}
	case Leading:
		return []users.Role{users.Supervisor, users.Administrator}
	case Training:
		return []users.Role{users.Supervisor, users.Security}
	case Security:
		return []users.Role{users.Security}
	case Auditor:
		return []users.Role{users.Auditor}
	}
	return nil
}

// Endpoint is one row of the table of what can be asked by HTTP.
type Endpoint struct {
	Pattern string
	Access  Access
	Serve   func(w http.ResponseWriter, r *http.Request, v *Visitor) // v is nil where anyone may ask
	Body    int64                                                    // most bytes of a body; 0: those of an ordinary one
	Early   []protocol.Next                                          // what may still have to come next, besides nothing
	Fresh   bool                                                     // who has a second factor must have proved it lately
}
