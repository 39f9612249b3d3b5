package worker

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// How long a pattern may look at one text: those with lookaheads can take for ever.
const patternTimeout = time.Second

// compilePattern compiles the pattern of a schema: with Go's own engine where it can, which takes
// linear time, and as JavaScript does where schemas of other languages need more.
func compilePattern(pattern string) (jsonschema.Regexp, error) {
	if found, err := regexp.Compile(pattern); err == nil {
		return found, nil
	}
	found, err := regexp2.Compile(pattern, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		return nil, err
	}
	found.MatchTimeout = patternTimeout
	return (*ecmaPattern)(found), nil
}

type ecmaPattern regexp2.Regexp

func (p *ecmaPattern) MatchString(text string) bool {
	matched, err := (*regexp2.Regexp)(p).MatchString(text)
	return matched && err == nil
}

func (p *ecmaPattern) String() string { return (*regexp2.Regexp)(p).String() }
