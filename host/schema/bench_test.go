package schema_test

import (
	"maps"
	"testing"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

func BenchmarkValidate(b *testing.B) {
	text := func(more map[string]any) map[string]any {
		field := map[string]any{"type": "string", "description": "Text"}
		maps.Copy(field, more)
		return field
	}
	integer := map[string]any{"type": "integer", "description": "Time", "default": nil, "coerce": true, "minimum": 0.0}
	for _, bb := range []struct {
		name   string
		fields map[string]any
		raw    string
	}{
		{
			"two strings",
			map[string]any{"first": text(nil), "last": text(map[string]any{"max_length": 64.0})},
			`{"first":"Ada","last":"Lovelace"}`,
		},
		{
			"register",
			map[string]any{
				"username": text(map[string]any{"min_length": 3.0, "max_length": 50.0}), "name": text(nil), "email": text(nil),
				"phone_number": text(nil), "password": text(map[string]any{"secret": true, "min_length": 8.0}),
				"not_before": integer, "expires_at": integer,
			},
			`{"email":"john@example.com","expires_at":1790000000,"name":"John Doe","password":"securepassword123","phone_number":"+1-555-123-4567","username":"johndoe"}`,
		},
		{
			"nested",
			map[string]any{
				"address": map[string]any{"type": "object", "description": "Where", "fields": map[string]any{"zip": text(nil), "city": text(nil)}},
				"tags":    map[string]any{"type": "array", "description": "Tags", "items": text(nil)},
			},
			`{"address":{"city":"Paris","zip":"75001"},"tags":["a","b","c"]}`,
		},
	} {
		s, err := schema.Parse(bb.fields, nil)
		if err != nil {
			b.Fatal(err)
		}
		raw := []byte(bb.raw)
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Validate(raw, strictjson.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
