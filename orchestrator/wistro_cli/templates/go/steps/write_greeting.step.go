package steps

import "wistro.dev/go"

// Written is what is kept of a greeting.
type Written struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// WriteGreeting does the work: it is tried again when it fails, and survives a crash of any process.
var WriteGreeting = wistro.Event(wistro.EventConfig{
	Name:        "Write the greeting",
	Description: "Finds the words, and keeps them.",
	Flows:       []string{"greetings"},
	Subscribes:  []string{"greeting.asked"},
}, func(ctx wistro.Context, asked Asked) error {
	text := "Hello, " + asked.Name + "!"
	if err := ctx.State().Set("greetings", ctx.RunID(), Written{Name: asked.Name, Text: text}); err != nil {
		return err
	}
	ctx.Logger().Info(text)
	return nil
})
