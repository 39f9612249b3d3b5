// Package mail sends letters.
package mail

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed letter.txt
var letter string

// Letter is the letter about an order.
func Letter(order string) string {
	fmt.Println("standard output is not the document")
	return strings.ReplaceAll(letter, "{order}", order)
}
