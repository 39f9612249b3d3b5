package orders

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"wistro.dev/go"
)

var _ = func() int { fmt.Println("printed by a package"); return 0 }()

// Place takes an order.
var Place = wistro.API(wistro.APIConfig{
	Name: "Place an order", Flows: []string{"orders"},
	Path: "/orders", Method: http.MethodPost, Status: http.StatusCreated,
	Emissions: []wistro.Emission{Placed},
}, func(ctx wistro.Context, request wistro.Request[NewOrder]) (wistro.Response[Order], error) {
	order := Order{ID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(ctx.IdempotencyKey())), Items: request.Body.Items}
	return wistro.OK(order), Placed.Emit(ctx, order)
})
