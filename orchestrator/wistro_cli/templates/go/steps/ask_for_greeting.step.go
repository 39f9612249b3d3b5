// Package steps holds the steps of the project, a file each.
package steps

import (
	"net/http"

	"wistro.dev/go"
)

// Asked says that somebody is to be greeted.
type Asked struct {
	Name string `json:"name"`
}

// Started tells the caller which run works on it.
type Started struct {
	Run string `json:"run"`
}

// AskForGreeting takes the request, answers at once, and leaves the work to the flow.
var AskForGreeting = wistro.API(wistro.APIConfig{
	Name:        "Ask for a greeting",
	Description: "Takes the name of whoever is to be greeted.",
	Flows:       []string{"greetings"},
	Method:      http.MethodPost,
	Path:        "/greetings",
	Emits:       []string{"greeting.asked"},
}, func(ctx wistro.Context, request wistro.Request[Asked]) (wistro.Response[Started], error) {
	if err := ctx.Emit("greeting.asked", request.Body); err != nil {
		return wistro.Response[Started]{}, err
	}
	return wistro.Response[Started]{Status: http.StatusAccepted, Body: Started{Run: ctx.RunID()}}, nil
})
