package orders

import (
	"github.com/google/uuid"
	"wistro.dev/go"
)

// Placed is the topic of new orders.
var Placed = wistro.Message[Order]("order.placed")

// NewOrder is what customers send.
type NewOrder struct {
	Items []Item `json:"items" minItems:"1"`
}

// Item is a line of an order.
type Item struct {
	SKU   string `json:"sku" doc:"Stock keeping unit"`
	Count int    `json:"count" minimum:"1"`
}

// Order is an order.
type Order struct {
	ID    uuid.UUID `json:"id" format:"uuid"`
	Items []Item    `json:"items"`
	Note  *string   `json:"note,omitempty"`
}
