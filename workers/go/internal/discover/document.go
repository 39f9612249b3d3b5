package discover

// Document is the declaration document (`workers/contract/schemas/Declared.json`).
type Document struct {
	Version  int       `json:"version"`
	Language string    `json:"language"`
	Steps    []Step    `json:"steps"`
	Streams  []Step    `json:"streams"`
	Errors   []Problem `json:"errors"`
}

// Step is what one file declares.
type Step struct {
	Path       string         `json:"path"`
	Config     map[string]any `json:"config"`
	HasHandler bool           `json:"has_handler"`
	Hash       string         `json:"hash"`
	Line       int            `json:"line,omitempty"`
}

// Problem is something that a person has to mend.
type Problem struct {
	Path  string `json:"path"`
	Error string `json:"error"`
	Hint  string `json:"hint,omitempty"`
	Line  int    `json:"line,omitempty"`

	// syntax is of a file that does not parse.
	syntax bool
}

func newDocument() *Document {
	return &Document{Version: 1, Language: "go", Steps: []Step{}, Streams: []Step{}, Errors: []Problem{}}
}
