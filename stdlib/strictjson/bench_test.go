package strictjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"vera/stdlib/strictjson"
)

var register = []byte(`{"email":"john@example.com","expires_at":1790000000,"name":"John Doe","not_before":null,` +
	`"password":"securepassword123","phone_number":"+1-555-123-4567","username":"johndoe"}`)

var frame = fmt.Appendf(nil, `{"event":"request","payload":{"action":"Register","fields":%s,`+
	`"response_ref":"4cccc73f-c011-42c0-b568-253473d13e93"},"ref":null,"topic":"service"}`, register)

var nested10k = func() []byte {
	user := `{"id":%d,"name":"Ada Lovelace","tags":["a","b","c"],"address":{"zip":"75001","city":"Paris","geo":[48.85,2.35]},"active":true}`
	users := make([]string, 80)
	for i := range users {
		users[i] = fmt.Sprintf(user, i)
	}
	return []byte(`{"users":[` + strings.Join(users, ",") + `]}`)
}()

func BenchmarkParse(b *testing.B) {
	for name, data := range map[string][]byte{"register": register, "nested10k": nested10k} {
		b.Run(name+"/strictjson", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := strictjson.Parse(data, strictjson.Limits{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/encoding", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var tree any
				if err := json.Unmarshal(data, &tree); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFrame(b *testing.B) {
	b.Run("strictjson", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var payload []byte
			err := strictjson.Members(frame, strictjson.Limits{}, func(key, raw []byte) error {
				if string(key) == "payload" {
					payload = raw
				}
				return nil
			})
			if err != nil || payload == nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var envelope struct{ Payload json.RawMessage }
			if err := json.Unmarshal(frame, &envelope); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	tree, err := strictjson.Parse(nested10k, strictjson.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("strictjson", func(b *testing.B) {
		b.ReportAllocs()
		var buffer []byte
		for b.Loop() {
			if buffer, err = strictjson.Append(buffer[:0], tree); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding", func(b *testing.B) {
		theirs := standard(tree)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(theirs); err != nil {
				b.Fatal(err)
			}
		}
	})
}
