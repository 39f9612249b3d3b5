package worker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"wistro.dev/go"
	"wistro.dev/go/internal/contract"
	"wistro.dev/go/internal/schema"
)

const (
	// Levels of lists and objects in a value. Decoders refuse more than 200, and a value travels
	// inside others: one that is taken must be readable wherever it goes.
	maxDepth = 100
	// Issues that an error message spells out; all of them are in its details.
	shownIssues = 5
	maxIssue    = 300
)

// shape is what data must look like: checked when it arrives, and when a handler sends it.
type shape struct {
	schema *jsonschema.Schema
}

// anything accepts every JSON value.
var anything = shape{}

// shapeOf compiles a JSON Schema; null and nothing accept everything.
func shapeOf(text json.RawMessage) (shape, error) {
	if len(text) == 0 || string(text) == "null" {
		return anything, nil
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return anything, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nowhere{})
	compiler.UseRegexpEngine(compilePattern)
	if err := compiler.AddResource("schema.json", document); err != nil {
		return anything, err
	}
	compiled, err := compiler.Compile("schema.json")
	return shape{schema: compiled}, err
}

// nowhere keeps schemas from reading files of the worker's machine.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to `%s`, which is not part of it", url)
}

// check refuses data that does not fit; the error begins with `what` and names every field.
func (s shape) check(data json.RawMessage, what string) error {
	if s.schema == nil {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(orNull(data)))
	if err != nil {
		return invalid(fmt.Errorf("%s is not JSON: %w", what, err), nil)
	}
	err = s.schema.Validate(value)
	var refusal *jsonschema.ValidationError
	if !errors.As(err, &refusal) {
		return err
	}
	issues := issuesOf(refusal, value)
	return invalid(fmt.Errorf("%s does not fit its schema: %s", what, shown(issues)), issues)
}

// encode is the JSON of what a handler gave: a copy.
func encode(value any, what string) (json.RawMessage, error) {
	data, err := schema.Write(value)
	if err == nil && depth(data) > maxDepth {
		err = fmt.Errorf("it is nested deeper than %d levels", maxDepth)
	}
	if err != nil {
		return nil, &wistro.TerminalError{
			Code: wistro.CodeInvalid,
			Err:  fmt.Errorf("%s cannot be sent: %w", what, err),
			Hint: "send values that `encoding/json` can write, such as structs, slices, maps and texts",
		}
	}
	return data, nil
}

func invalid(err error, issues []contract.Issue) error {
	failed := &wistro.TerminalError{
		Code: wistro.CodeInvalid,
		Err:  err,
		Hint: "change the sender or the schema so that the two agree",
	}
	if issues != nil {
		failed.Details = map[string]any{"issues": issues}
	}
	return failed
}

func shown(issues []contract.Issue) string {
	var texts []string
	for _, issue := range issues[:min(len(issues), shownIssues)] {
		if issue.Field == "" {
			texts = append(texts, issue.Message)
		} else {
			texts = append(texts, fmt.Sprintf("`%s`: %s", issue.Field, issue.Message))
		}
	}
	if more := len(issues) - shownIssues; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// issuesOf are the errors that name a place; those of alternatives are about what was not meant.
func issuesOf(found *jsonschema.ValidationError, value any) []contract.Issue {
	printer := message.NewPrinter(language.English)
	switch of := found.ErrorKind.(type) {
	case *kind.Required:
		issues := make([]contract.Issue, len(of.Missing))
		for i, name := range of.Missing {
			field := dotted(append(found.InstanceLocation[:len(found.InstanceLocation):len(found.InstanceLocation)], name), value)
			issues[i] = contract.Issue{Field: field, Message: "it is required, and missing"}
		}
		return issues
	case *kind.AnyOf, *kind.OneOf, *kind.Not:
	default:
		var issues []contract.Issue
		for _, cause := range found.Causes {
			issues = append(issues, issuesOf(cause, value)...)
		}
		if issues != nil {
			return issues
		}
	}
	text := found.ErrorKind.LocalizedString(printer)
	if len(text) > maxIssue { // It may quote the value, however large that is.
		text = strings.ToValidUTF8(text[:maxIssue], "") + "…"
	}
	return []contract.Issue{{Field: dotted(found.InstanceLocation, value), Message: text}}
}

// dotted is a place within a value, such as `lines[1].sku`.
func dotted(location []string, value any) string {
	var path strings.Builder
	for _, part := range location {
		switch within := value.(type) {
		case []any:
			path.WriteString("[" + part + "]")
			if index, err := strconv.Atoi(part); err == nil && index < len(within) {
				value = within[index]
			}
		case map[string]any:
			path.WriteString("." + part)
			value = within[part]
		}
	}
	return strings.TrimPrefix(path.String(), ".")
}

// depth counts the levels of lists and objects in a JSON text.
func depth(text []byte) int {
	deepest, level, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			level++
			deepest = max(deepest, level)
		case c == ']' || c == '}':
			level--
		}
	}
	return deepest
}

func orNull(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("null")
	}
	return data
}
