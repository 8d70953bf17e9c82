package registry

import "errors"

// Frame shows the place in the served files that the text of a run's error
// begins with; it is empty if no line is known.
func (s *Set) Frame(text string) string { return codeFrame(errors.New(text), s.good) }
