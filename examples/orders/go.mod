module example.com/orders

go 1.26.0

require wistro.dev/go v0.0.0

require (
	github.com/santhosh-tekuri/jsonschema/v6 v6.0.3 // indirect
	golang.org/x/text v0.42.0 // indirect
)

replace wistro.dev/go => ../../workers/go
