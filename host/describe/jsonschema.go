package describe

import (
	"vera/host/registry"
	"vera/stdlib/strictjson"
)

const dialect = `"$schema":"https://json-schema.org/draft/2020-12/schema"`

// jsonSchema holds the schemas of each action's fields under "$defs".
func jsonSchema(actions []*registry.Action) []byte {
	dst := []byte("{" + dialect + `,"$defs":{`)
	for i, action := range actions {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strictjson.AppendString(dst, action.Name), ':')
		dst = append(dst, fieldsSchema(action, "")...)
	}
	return append(dst, "}}"...)
}

// fieldsSchema is the JSON Schema of an action's fields, with the action's name
// and description, and with more members in front.
func fieldsSchema(action *registry.Action, more string) []byte {
	dst := append([]byte("{"), more...)
	dst = strictjson.AppendString(append(dst, `"title":`...), action.Name)
	dst = strictjson.AppendString(append(dst, `,"description":`...), action.Description)
	return append(append(dst, ','), action.Schema.AppendJSONSchema(nil)[1:]...)
}
