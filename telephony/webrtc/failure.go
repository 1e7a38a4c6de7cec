package webrtc

import (
	"fmt"
	"net/http"
)

// Code says what a request failed of; it is the "error" of the JSON answer.
type Code string

// The codes of the internal API.
const (
	BadRequest      Code = "bad_request"      // 400: not the JSON or the ids that the request needs
	BadOffer        Code = "bad_offer"        // 400: SDP that is no single audio stream in an allowed codec
	Unauthorized    Code = "unauthorized"     // 401
	NoLeg           Code = "no_leg"           // 404
	NoRecording     Code = "no_recording"     // 404
	NotFound        Code = "not_found"        // 404: no such path, or method
	LegExists       Code = "leg_exists"       // 409: ids are used once
	RecordingSealed Code = "recording_sealed" // 409: the recording id was used before
	NotRecordable   Code = "not_recordable"   // 409: the leg's codec is opus, or the gateway has no tap
	TooLarge        Code = "too_large"        // 413
	Internal        Code = "internal"         // 500
	RecordingFailed Code = "recording_failed" // 500: the tap could not start or seal
	Full            Code = "full"             // 503: Config.MaxLegs
	ShuttingDown    Code = "shutting_down"    // 503
)

// Error is a failed request, as the gateway answers it and as Client returns it.
type Error struct {
	Code   Code   `json:"error"`
	Detail string `json:"detail"` // for a log; never SDP, never an address
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Detail) }

// Is makes errors.Is(err, &Error{Code: NoLeg}) tell codes apart.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

func failure(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// status is the HTTP status that goes with a code.
func (c Code) status() int {
	switch c {
	case BadRequest, BadOffer:
		return http.StatusBadRequest
	case Unauthorized:
		return http.StatusUnauthorized
	case NoLeg, NoRecording, NotFound:
		return http.StatusNotFound
	case LegExists, RecordingSealed, NotRecordable:
		return http.StatusConflict
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Full, ShuttingDown:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}
