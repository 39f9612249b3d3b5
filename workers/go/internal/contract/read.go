package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// VersionError is a message of a version that this worker does not speak.
type VersionError struct {
	// What is the message, such as "the engine".
	What string
	// Found is the version it has; 0 without one.
	Found int
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s speaks version %d of the worker contract, this worker version %d", e.What, e.Found, Version)
}

// Issue is one thing that is wrong with a message.
type Issue struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// UnreadableError is a message that is not what the contract says.
type UnreadableError struct {
	What   string
	Issues []Issue
}

func (e *UnreadableError) Error() string {
	texts := make([]string, len(e.Issues))
	for i, issue := range e.Issues {
		texts[i] = fmt.Sprintf("`%s`: %s", issue.Field, issue.Message)
	}
	return fmt.Sprintf("%s does not fit the contract: %s", e.What, strings.Join(texts, "; "))
}

// ReadInvocation reads an invocation (VersionError, UnreadableError). The version is looked at first: the
// rest of a later one may look different.
func ReadInvocation(text []byte) (Invocation, error) {
	if found := VersionOf(text); found > Version {
		return Invocation{}, &VersionError{What: "the engine", Found: found}
	}
	invocation := Invocation{Version: Version}
	return invocation, Read(text, &invocation, "the invocation")
}

// VersionOf is the version that a message says it has; 0 when it says nothing.
func VersionOf(text []byte) int {
	var only struct{ Version any }
	_ = json.Unmarshal(text, &only) // What is no JSON object has no version.
	found, _ := only.Version.(float64)
	return int(found)
}

// Read reads a JSON object into a struct (UnreadableError, naming every field that is wrong).
//
// It is stricter than encoding/json: null is a value, and not absent. Of the tag `contract`, `required`
// members must be there, `min=1` bounds numbers and the length of lists, and `oneof=a|b` lists texts.
// Members that are absent keep what the struct has; lists and maps become empty ones.
func Read(text []byte, into any, what string) error {
	issues := read(text, reflect.ValueOf(into).Elem(), "", "")
	if len(issues) == 0 {
		return nil
	}
	return &UnreadableError{What: what, Issues: issues}
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func read(text json.RawMessage, into reflect.Value, path, rules string) []Issue {
	text = bytes.TrimSpace(text)
	if into.Type() == rawMessage {
		into.SetBytes(bytes.Clone(text))
		return nil
	}
	null := string(text) == "null"
	switch kind := into.Kind(); {
	case kind == reflect.Pointer && null:
		return nil
	case kind == reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return read(text, into.Elem(), path, rules)
	case null:
		return wrong(path, "%s was expected, found null", expected(into.Type()))
	case kind == reflect.Struct:
		return readStruct(text, into, path)
	case kind == reflect.Slice:
		return readSlice(text, into, path, rules)
	case kind == reflect.Map:
		return readMap(text, into, path)
	}
	if err := json.Unmarshal(text, into.Addr().Interface()); err != nil {
		return wrong(path, "%s was expected, found `%.40s`", expected(into.Type()), text)
	}
	return obey(into, path, rules)
}

func readStruct(text json.RawMessage, into reflect.Value, path string) []Issue {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return wrong(path, "an object was expected")
	}
	var issues []Issue
	for i := range into.NumField() {
		field, of := into.Field(i), into.Type().Field(i)
		name, _, _ := strings.Cut(of.Tag.Get("json"), ",")
		rules, within := of.Tag.Get("contract"), join(path, name)
		member, given := members[name]
		switch {
		case given:
			issues = append(issues, read(member, field, within, rules)...)
		case strings.HasPrefix(rules, "required"):
			issues = append(issues, Issue{Field: within, Message: "it is required, and missing"})
		case field.Kind() == reflect.Slice && field.IsNil() && field.Type() != rawMessage:
			field.Set(reflect.MakeSlice(field.Type(), 0, 0))
		case field.Kind() == reflect.Map && field.IsNil():
			field.Set(reflect.MakeMap(field.Type()))
		}
	}
	return issues
}

func readSlice(text json.RawMessage, into reflect.Value, path, rules string) []Issue {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil {
		return wrong(path, "a list was expected")
	}
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	var issues []Issue
	for i, item := range items {
		issues = append(issues, read(item, into.Index(i), path+"["+strconv.Itoa(i)+"]", "")...)
	}
	return append(issues, obey(into, path, rules)...)
}

func readMap(text json.RawMessage, into reflect.Value, path string) []Issue {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return wrong(path, "an object was expected")
	}
	into.Set(reflect.MakeMap(into.Type()))
	var issues []Issue
	for name, member := range members {
		value := reflect.New(into.Type().Elem()).Elem()
		issues = append(issues, read(member, value, join(path, name), "")...)
		into.SetMapIndex(reflect.ValueOf(name), value)
	}
	return issues
}

// obey checks what the tag says beyond the type.
func obey(value reflect.Value, path, rules string) []Issue {
	for rule := range strings.SplitSeq(rules, ",") {
		name, bound, _ := strings.Cut(rule, "=")
		least, _ := strconv.Atoi(bound)
		switch {
		case name == "oneof" && !slices.Contains(strings.Split(bound, "|"), value.String()):
			return wrong(path, "one of %s was expected, found `%.40s`", strings.ReplaceAll(bound, "|", ", "), value.String())
		case name != "min":
		case value.CanInt() && value.Int() < int64(least):
			return wrong(path, "%d or more was expected, found %d", least, value.Int())
		case value.Kind() == reflect.Slice && value.Len() < least:
			return wrong(path, "%d items or more were expected, found %d", least, value.Len())
		}
	}
	return nil
}

func expected(of reflect.Type) string {
	switch of.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	default:
		return "an integer"
	}
}

func wrong(path, format string, values ...any) []Issue {
	return []Issue{{Field: path, Message: fmt.Sprintf(format, values...)}}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
