package persons

import (
	"context"
	"errors"

	"hotline/agentui/board"
	"hotline/agentui/page"
	"hotline/agentui/part"
	"hotline/agentui/protocol"
	"hotline/casework"
	"hotline/casework/plans"
	"hotline/queue"
)

// Actions of the audit trail about people, and what is kept of them.
const (
	ActionFileView      = "file.view" // with the reason of who takes no part in a call of the person
	ActionFileList      = "file.list"
	ActionFileLink      = "file.link"
	ActionThirdParty    = "file.third_party"
	ActionFileProfile   = "file.profile"
	ActionFilePhrase    = "file.phrase"
	ActionFileSeek      = "file.seek" // by a passphrase; never which
	ActionFileMerge     = "file.merge"
	ActionFileSplit     = "file.split"
	ActionFileUndo      = "file.undo"
	ActionSafetySave    = "safety.save"
	ActionSafetyView    = "safety.view" // its earlier versions
	ActionRecordView    = "record.view"
	ActionRecordSave    = "record.save"
	ActionReportList    = "report.list"
	ActionReportView    = "report.view"
	ActionReportSay     = "report.say" // with what is said
	ActionNumberReveal  = "number.reveal"
	ActionRevealAsk     = "number.ask"
	ActionRevealList    = "number.list"
	ActionRevealApprove = "number.approve"
	ActionRevealRefuse  = "number.refuse"
	ActionRevealReview  = "number.review"
)

// errReasonNeeded says that a person may open a file only with a reason.
var errReasonNeeded = errors.New("a reason is needed")

type contacts interface {
	Caller(ctx context.Context, call string) (casework.Caller, error)
	Number(ctx context.Context, call string) (string, error)
	Calls(ctx context.Context, ids []string) (map[string]casework.CallRecord, error)
}

type planBook interface {
	Of(ctx context.Context, refs []string) (plans.Plan, error)
}

type filed interface {
	Have(ctx context.Context, calls []string) (map[string]bool, error)
}

type floor interface {
	Call(id queue.CallID) (board.Call, bool)
}

// Pages are those of people.
type Pages struct {
	part.Clerk
	Stores
	Contacts contacts // casework.Contacts
	Plans    planBook // *plans.Store
	Filed    filed    // *dispositions.Store
	Board    floor    // *board.Board

	TookPart func(ctx context.Context, who queue.AgentID, call string) (bool, error) // whether a person talked in a call
	Earlier  func(c casework.CallRecord, v *page.Visitor) protocol.EarlierCall       // a call as a person may see it
	Plan     func(p plans.Plan) protocol.Plan                                        // a plan as a page shows it
	Pace     func(who queue.AgentID) bool                                            // whether a person may write just now
	Person   func(id string) string                                                  // the name of a person of the house
	Doer     func(by string) string                                                  // the name of who did something
	Line     func(id, locale string) string                                          // the name of a line
}

// Endpoints are what can be asked of people.
func (p *Pages) Endpoints() []page.Endpoint {
	return []page.Endpoint{
		{Pattern: "GET /api/calls/{id}/people", Access: page.Serving, Serve: p.showPeople},
		{Pattern: "POST /api/calls/{id}/people", Access: page.Serving, Serve: p.linkPerson},
		{Pattern: "POST /api/calls/{id}/third", Access: page.Serving, Serve: p.sayThirdParty},
		{Pattern: "POST /api/calls/{id}/harm", Access: page.Serving, Serve: p.sayHarm},
		{Pattern: "POST /api/files/open", Access: page.Serving, Serve: p.openFile},
		{Pattern: "GET /api/files", Access: page.Supervisor, Serve: p.listFiles},
		{Pattern: "PUT /api/files/{id}/profile", Access: page.Serving, Serve: p.saveProfile},
		{Pattern: "PUT /api/files/{id}/phrase", Access: page.Serving, Serve: p.savePhrase},
		{Pattern: "GET /api/files/{id}/safety", Access: page.Serving, Serve: p.listSafety},
		{Pattern: "PUT /api/files/{id}/safety", Access: page.Serving, Serve: p.saveSafety, Body: safetyBody},
		{Pattern: "POST /api/files/{id}/safety/restore", Access: page.Serving, Serve: p.restoreSafety},
		{Pattern: "GET /api/files/{id}/drafts", Access: page.Serving, Serve: p.listFileDrafts},
		{Pattern: "PUT /api/files/{id}/drafts/{kind}", Access: page.Serving, Serve: p.keepFileDraft, Body: safetyBody},
		{Pattern: "POST /api/files/{id}/merge/preview", Access: page.Supervisor, Serve: p.previewMerge},
		{Pattern: "POST /api/files/{id}/merge", Access: page.Supervisor, Serve: p.mergeFile},
		{Pattern: "POST /api/files/{id}/split", Access: page.Supervisor, Serve: p.splitFile},
		{Pattern: "POST /api/files/acts/{id}/undo", Access: page.Supervisor, Serve: p.undoFileAct},
		{Pattern: "GET /api/calls/{id}/records", Access: page.Serving, Serve: p.listRecords},
		{Pattern: "GET /api/calls/{id}/records/{form}", Access: page.Serving, Serve: p.recordHistory},
		{Pattern: "PUT /api/calls/{id}/records/{form}", Access: page.Serving, Serve: p.saveRecord, Body: recordBody},
		{Pattern: "PUT /api/calls/{id}/records/{form}/draft", Access: page.Serving, Serve: p.keepDraft, Body: recordBody},
		{Pattern: "POST /api/calls/{id}/records/{form}/drop", Access: page.Serving, Serve: p.dropDraft},
		{Pattern: "GET /api/drafts", Access: page.Serving, Serve: p.listDrafts},
		{Pattern: "GET /api/reports", Access: page.Serving, Serve: p.listMinorReports},
		{Pattern: "GET /api/reports/{id}", Access: page.Serving, Serve: p.showMinorReport},
		{Pattern: "POST /api/reports/{id}/{act}", Access: page.Serving, Serve: p.sayMinorReport},
		{Pattern: "POST /api/calls/{id}/number", Access: page.Serving, Serve: p.revealNumber},
		{Pattern: "POST /api/calls/{id}/number/ask", Access: page.Serving, Serve: p.askNumber},
		{Pattern: "GET /api/reveals", Access: page.Serving, Serve: p.listReveals},
		{Pattern: "POST /api/reveals/{id}/look", Access: page.Serving, Serve: p.lookAtNumber},
		{Pattern: "POST /api/reveals/{id}/approve", Access: page.Supervisor, Serve: p.approveReveal},
		{Pattern: "POST /api/reveals/{id}/refuse", Access: page.Supervisor, Serve: p.refuseReveal},
		{Pattern: "POST /api/reveals/{id}/review", Access: page.Supervisor, Serve: p.reviewReveal},
	}
}
