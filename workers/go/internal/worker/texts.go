package worker

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// grouped writes a number as 1,900,000.
func grouped(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// bounded cuts a text that is longer than `most` characters.
func bounded(text string, most int) string {
	size := utf8.RuneCountInString(text)
	if size <= most {
		return text
	}
	return string([]rune(text)[:most]) + "… (" + grouped(size) + " characters)"
}

// closest is the known word that `word` was probably meant to be, or "".
func closest(word string, known []string) string {
	best, found := len(word)/3+1, ""
	for _, candidate := range known {
		if away := distance(strings.ToLower(word), strings.ToLower(candidate)); away < best {
			best, found = away, candidate
		}
	}
	return found
}

// distance counts the letters to insert, remove or replace (Levenshtein 1966).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := slices.Clone(row)
		row[0] = i + 1
		for j := range len(b) {
			replaced := previous[j]
			if a[i] != b[j] {
				replaced++
			}
			row[j+1] = min(replaced, previous[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
