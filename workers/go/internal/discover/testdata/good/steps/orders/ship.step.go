package orders

import (
	"time"

	"shop/internal/mail"
	"wistro.dev/go"
)

// Ship ships an order.
var Ship = wistro.Event(wistro.EventConfig{
	Name: "Ship the order", Flows: []string{"orders"},
	Subscribes: []string{"order.placed"},
	Emits:      []string{"order.shipped"},
	Retry:      &wistro.Retry{Attempts: 5, FirstDelay: 2 * time.Second, Terminal: []string{"NoSuchAddress"}},
	Timeout:    90 * time.Second,
	OnFailure:  wistro.Hold,
}, func(ctx wistro.Context, order Order) error {
	ctx.Logger().Info(mail.Letter(order.ID.String()))
	return ctx.Emit("order.shipped", order)
})
