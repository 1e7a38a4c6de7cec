package crisis

// OnFault has fn called before and after every write of the store, with the name of the place.
func (s *Store) OnFault(fn func(point string)) { s.fault = fn }

// Fault is a place of the test's own at which the process may be killed.
func (s *Store) Fault(point string) { s.fault(point) }
