package crisis

import (
	"errors"
	"fmt"
	"strings"
)

// Errors a caller branches on.
var (
	ErrNotFound = errors.New("crisis: there is no such incident")
	ErrClosed   = errors.New("crisis: the incident is closed")
	// ErrSamePerson says that this needs another person than the one who talks, proposed or lowered.
	ErrSamePerson = errors.New("crisis: another person is needed")
	// ErrInvalid says that what was told makes no sense: an unknown word, a text that is missing or too long, a time that is past.
	ErrInvalid = errors.New("crisis: not understood")
	// ErrNotReady is the error of a closing that is not ready; the preconditions that are missing are in *NotReadyError.
	ErrNotReady = errors.New("crisis: not ready to be closed")
	// ErrLost says that the claim ran out or belongs to another: nothing was changed, and nothing may be dialled.
	ErrLost = errors.New("crisis: the claim is another's")
)

// NotReadyError says what is missing; it is ErrNotReady.
type NotReadyError struct{ Missing []Precondition }

func (e *NotReadyError) Error() string {
	names := make([]string, len(e.Missing))
	for i, m := range e.Missing {
		names[i] = string(m)
	}
	return fmt.Sprintf("%v: %s", ErrNotReady, strings.Join(names, ", "))
}

// Is makes errors.Is(err, ErrNotReady) true.
func (e *NotReadyError) Is(target error) bool { return target == ErrNotReady }

// errNothing says that an event would change nothing: it is not kept.
var errNothing = errors.New("crisis: nothing changes")

func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("crisis: %s: %w", op, err)
}
