package steps_test

import (
	"reflect"
	"testing"

	"example.com/orders/steps"
	"wistro.dev/go/wistrotest"
)

func TestEachOrderGetsAParcelOfItsOwn(t *testing.T) {
	ctx := wistrotest.New(t)
	for _, order := range []string{"a", "b"} {
		if _, err := ctx.Run(steps.ShipOrder, steps.Paid{OrderID: order, Receipt: "R-1"}); err != nil {
			t.Fatal(err)
		}
	}
	got := wistrotest.Emitted[steps.Shipped](ctx, "order.shipped")
	want := []steps.Shipped{{OrderID: "a", Parcel: "P-000001"}, {OrderID: "b", Parcel: "P-000002"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
