package describe

import (
	"bytes"
	"encoding/json"

	"vera/host/registry"
)

// object is a JSON object whose members are written in the order of their
// names; documents that are read by people put what matters into structs.
type object map[string]any

// openAPI describes the one way by which callers reach actions: POST / of the
// hub. Which action is meant stands in the body, so that each is an
// alternative of the body's schema, told apart by "action".
//
// Names of components that are not actions have a dot, which an action's name
// cannot have.
func openAPI(actions []*registry.Action, options Options) ([]byte, error) {
	document := struct {
		OpenAPI    string   `json:"openapi"`
		Info       object   `json:"info"`
		Servers    []object `json:"servers"`
		Security   []object `json:"security"`
		Paths      object   `json:"paths"`
		Components object   `json:"components"`
	}{
		OpenAPI: "3.1.0",
		Info: object{
			"title":       "Actions",
			"version":     contractVersion(actions),
			"description": "Actions on a Vera Plugboard. All are called with POST /; \"action\" in the body says which one is meant.",
		},
		Servers:  []object{{"url": options.Server}},
		Security: []object{{"account": []string{}}},
		Paths:    object{"/": object{"post": operation(actions)}},
		Components: object{
			"securitySchemes": object{"account": object{
				"type": "http", "scheme": "bearer",
				"description": "An account's API token of the Plugboard. The Plugboard of vera dev asks for none.",
			}},
			"schemas": schemas(actions),
		},
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(document)
	return out.Bytes(), err
}

// operation is POST /.
func operation(actions []*registry.Action) object {
	alternatives, mapping, examples := []object{}, object{}, object{}
	for _, action := range actions {
		alternatives = append(alternatives, reference(action.Name))
		mapping[action.Name] = reference(action.Name)["$ref"]
		if fields, ok := Example(action.Schema); ok {
			examples[action.Name] = object{
				"summary": action.Description,
				"value":   object{"service_id": 1, "action": action.Name, "fields": json.RawMessage(fields)},
			}
		}
	}
	body := object{"schema": object{
		"oneOf":         alternatives,
		"discriminator": object{"propertyName": "action", "mapping": mapping},
	}}
	if len(alternatives) == 0 {
		body["schema"] = false // oneOf of nothing is no schema, and nothing can be called
	}
	if len(examples) > 0 {
		body["examples"] = examples
	}
	return object{
		"operationId": "call",
		"summary":     "Calls an action",
		"requestBody": object{"required": true, "content": object{"application/json": body}},
		"responses":   responses(),
	}
}

// responses are the statuses that the hub and the host give. Actions answer
// with others, too, and with these for reasons of their own.
func responses() object {
	either := []string{answerName, refusalName}
	invalid := response("An input is wrong: \"fields\" has all that is. Or the body is not of the hub's form; one that is not JSON is answered with text. Or the action says so.",
		invalidName, answerName, refusalName, crashName)
	invalid["content"].(object)["text/html"] = object{"schema": object{"type": "string"}}
	return object{
		"200":     response("What the action answers.", answerName),
		"400":     invalid,
		"401":     response("The account's token is not valid. Or the action says so.", either...),
		"403":     response("The account may not call this service. Or the action says so.", either...),
		"408":     response("No host answered within 30 s. What the action does may be done all the same.", either...),
		"422":     response("No host is there for the service. Or the action says so.", either...),
		"500":     response("The action failed. What went wrong is in the host's log.", answerName, refusalName, crashName),
		"503":     response("The host has too much to do, is stopping, or has no database. Try again.", either...),
		"504":     response("The action took longer than it may.", either...),
		"default": response("Whatever other status the action answers with; 404 if there is no such action.", either...),
	}
}

func response(description string, names ...string) object {
	schema := reference(names[0])
	if len(names) > 1 {
		alternatives := []object{}
		for _, name := range names {
			alternatives = append(alternatives, reference(name))
		}
		schema = object{"anyOf": alternatives}
	}
	return object{"description": description, "content": object{"application/json": object{"schema": schema}}}
}

func reference(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// The components that are not actions.
const (
	answerName  = "Host.Answer"
	invalidName = "Host.Invalid"
	refusalName = "Hub.Refusal"
	crashName   = "Hub.Error"
)

// schemas are each action's body and its fields, and the forms of answers.
func schemas(actions []*registry.Action) object {
	text := object{"type": "string"}
	all := object{
		answerName: object{
			"description": "An answer of the host.",
			"type":        "object", "required": []string{"message", "fields"},
			"properties": object{
				"message": object{"type": []string{"string", "null"}},
				"fields":  object{"description": "What the action gives: any JSON, or null."},
			},
		},
		invalidName: object{
			"description": "All that is wrong with the fields. No value of theirs is repeated.",
			"type":        "object", "required": []string{"message", "fields"},
			"properties": object{
				"message": text,
				"fields": object{
					"type": "object", "required": []string{"errors"},
					"properties": object{"errors": object{"type": "array", "minItems": 1, "items": object{
						"type": "object", "required": []string{"field", "code", "message"},
						"properties": object{
							"field":   object{"type": "string", "description": "Its path, such as address.zip or tags[0]; \"fields\" for the whole."},
							"code":    object{"type": "string", "description": "The keyword that was broken, or required, type, range or json."},
							"message": text,
						},
					}}},
				},
			},
		},
		refusalName: object{
			"description": "An answer of the hub itself.",
			"type":        "object", "required": []string{"message", "status"},
			"properties": object{"message": text, "status": object{"const": "error"}},
		},
		crashName: object{
			"description": "An error in the hub.",
			"type":        "object", "required": []string{"errors"},
			"properties": object{"errors": object{"type": "object", "properties": object{"detail": text}}},
		},
	}
	for _, action := range actions {
		fields := action.Name + ".Fields"
		all[fields] = json.RawMessage(fieldsSchema(action, ""))
		all[action.Name] = object{
			"description": action.Description,
			"type":        "object", "required": []string{"service_id", "action", "fields"},
			"properties": object{
				"service_id": object{"type": "integer", "description": "The service's number on the hub."},
				"action":     object{"const": action.Name},
				"fields":     reference(fields),
			},
		}
	}
	return all
}
