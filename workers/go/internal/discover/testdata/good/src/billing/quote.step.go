package billing

import w "wistro.dev/go"

// Quote is called.
var Quote = w.Call[map[string]int, float64](w.CallConfig{Name: "Quote a price"}, func(ctx w.Context, in map[string]int) (float64, error) {
	return float64(in["count"]) * 12.5, nil
})
