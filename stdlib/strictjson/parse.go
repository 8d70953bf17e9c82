package strictjson

import "slices"

// parse reads the value at pos.
func (s *scanner) parse() (any, *SyntaxError) {
	if err := s.count(); err != nil {
		return nil, err
	}
	start := s.pos
	switch c := s.peek(); {
	case c == '"':
		raw, escaped, err := s.quoted()
		if err != nil {
			return nil, err
		}
		return s.decode(raw, escaped, start+1), nil
	case c == '{':
		return s.parseObject()
	case c == '[':
		return s.parseArray()
	case c == '-' || '0' <= c && c <= '9':
		if err := s.number(); err != nil {
			return nil, err
		}
		return Number(s.cut(start, s.pos)), nil
	}
	return s.literal()
}

func (s *scanner) parseObject() (any, *SyntaxError) {
	object := map[string]any{}
	more, err := s.open('{', '}')
	for ; more && err == nil; more, err = s.more('}') {
		start := s.pos
		raw, escaped, err := s.member()
		if err != nil {
			return nil, err
		}
		key := s.decode(raw, escaped, start+1)
		if _, exists := object[key]; exists {
			return nil, s.duplicate(start, key)
		}
		value, err := s.parse()
		if err != nil {
			err.within(key)
			return nil, err
		}
		object[key] = value
	}
	if err != nil {
		return nil, err
	}
	return object, nil
}

func (s *scanner) parseArray() (any, *SyntaxError) {
	base := len(s.stack)
	more, err := s.open('[', ']')
	for ; more && err == nil; more, err = s.more(']') {
		value, err := s.parse()
		if err != nil {
			err.within(element(len(s.stack) - base))
			return nil, err
		}
		s.stack = append(s.stack, value)
	}
	if err != nil {
		return nil, err
	}
	array := make([]any, len(s.stack)-base)
	copy(array, s.stack[base:])
	s.stack = slices.Delete(s.stack, base, len(s.stack))
	return array, nil
}

// decode returns the string that raw, which begins at start, stands for.
func (s *scanner) decode(raw []byte, escaped bool, start int) string {
	if escaped {
		return string(unescape(make([]byte, 0, len(raw)), raw))
	}
	return s.cut(start, start+len(raw))
}

// cut returns a part of the text as a string. All of them share one copy of
// data: one allocation instead of one a string.
func (s *scanner) cut(start, end int) string {
	if s.text == "" {
		s.text = string(s.data)
	}
	return s.text[start:end]
}
