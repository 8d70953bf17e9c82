package schema

import (
	"strings"

	"vera/stdlib/strictjson"
)

// markup makes text harmless on the hub's page, which renders it as it is.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// EscapeMarkup returns a description as it is published: the hub's page
// renders it, so &, < and > become entities.
func EscapeMarkup(text string) string { return markup.Replace(text) }

// AppendManifest appends the fields in the hub's shape:
//
//	{"phone":{"type":"string","description":"…"},"times":{"type":"integer","description":"…","default":1}}
//
// That a field may be left out shows only in its having a default, so every
// such field has one: null if it is optional, if its default is an array or
// an object, which the hub does not take, and if it is secret. An object's
// own fields are under "fields", what an array holds is under "items".
func (s *Schema) AppendManifest(dst []byte) []byte {
	dst = append(dst, '{')
	for i := range s.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendString(dst, s.fields[i].Name)
		dst = s.fields[i].appendManifest(append(dst, ':'))
	}
	return append(dst, '}')
}

func (f *Field) appendManifest(dst []byte) []byte {
	dst = strictjson.AppendString(append(dst, `{"type":`...), f.Type)
	dst = strictjson.AppendString(append(dst, `,"description":`...), EscapeMarkup(f.Description))
	if !f.Required() {
		dst = f.appendDefault(append(dst, `,"default":`...))
	}
	if f.Fields != nil {
		dst = f.Fields.AppendManifest(append(dst, `,"fields":`...))
	}
	if f.Items != nil {
		dst = f.Items.appendManifest(append(dst, `,"items":`...))
	}
	return append(dst, '}')
}

func (f *Field) appendDefault(dst []byte) []byte {
	if !f.Secret {
		switch value := f.Default.(type) {
		case string:
			return strictjson.AppendString(dst, value)
		case float64:
			return strictjson.AppendNumber(dst, value)
		case bool:
			if value {
				return append(dst, "true"...)
			}
			return append(dst, "false"...)
		}
	}
	return append(dst, "null"...)
}
