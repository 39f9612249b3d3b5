package orders

import "testing"

func TestNothing(*testing.T) {}
