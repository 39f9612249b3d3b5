package billing

import w "wistro.dev/go"

// Nightly is made by a function of the project.
var Nightly *w.Step = nightly("Report at night")

func nightly(name string) *w.Step {
	return w.CronResult(w.CronConfig{
		Name: name, Cron: "0 3 * * *", Schedule: w.Schedule{TimeZone: "Europe/Paris"}, IncludeFiles: []string{"*.sql"},
	}, func(ctx w.Context) (int, error) { return 7, nil })
}
