//go:build !unix

package discover

// lock does nothing where there is no flock: build a project once at a time there.
func lock(*goModule) (release func(), err error) { return func() {}, nil }
