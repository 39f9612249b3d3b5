// Package steps holds the steps that are written in Go.
package steps

import (
	"fmt"

	"wistro.dev/go"
)

// Paid is what the payment provider's step tells.
type Paid struct {
	OrderID string `json:"order_id"`
	Receipt string `json:"receipt"`
}

// Shipped says which parcel an order became.
type Shipped struct {
	OrderID string `json:"order_id"`
	Parcel  string `json:"parcel"`
}

// Progress is an item of the stream `progress`.
type Progress struct {
	Stage string `json:"stage"`
}

var shipped = wistro.Message[Shipped]("order.shipped")

// ShipOrder hands the order to the carrier.
var ShipOrder = wistro.Event(wistro.EventConfig{
	Name:        "Ship the order",
	Description: "Takes the next parcel number and hands the parcel to the carrier.",
	Flows:       []string{"orders"},
	Subscribes:  []string{"payment.taken"},
	Emissions:   []wistro.Emission{shipped},
}, func(ctx wistro.Context, paid Paid) error {
	number, err := ctx.State().Increment("counters", "parcels", 1)
	if err != nil {
		return fmt.Errorf("take a parcel number: %w", err)
	}
	parcel := fmt.Sprintf("P-%06.0f", number)
	ctx.Logger().Info("Handed the parcel over", "parcel", parcel)
	if err := ctx.Streams("progress").Set("orders", paid.OrderID, Progress{Stage: "shipped"}); err != nil {
		return fmt.Errorf("tell that it is shipped: %w", err)
	}
	return shipped.Emit(ctx, Shipped{OrderID: paid.OrderID, Parcel: parcel})
})
