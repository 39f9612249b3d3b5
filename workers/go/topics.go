package wistro

// Subscribe is a subscription that says more than its topic.
type Subscribe struct {
	Topic string `json:"topic"`
	// Where is a CEL expression over `message` that must hold, such as `message.total > 100`.
	Where string `json:"where"`
	// Label is what people read on the edge of the graph.
	Label string `json:"label"`
}

// Virtual is an edge that is drawn only: what happens outside of Wistro.
type Virtual struct {
	Topic string `json:"topic"`
	// Label is what people read on the edge of the graph.
	Label string `json:"label"`
}

// Emission is an [Emit] or a [Topic].
type Emission interface{ emission() Emit }

// Emit is an emission that says more than its topic.
type Emit struct {
	Topic string `json:"topic"`
	// Label is what people read on the edge of the graph.
	Label string `json:"label"`
	// Conditional edges are drawn dashed: the step emits only sometimes.
	Conditional bool `json:"conditional"`
	// Alternative says that of all the emissions of the step that say so, exactly one happens.
	Alternative bool `json:"alternative"`
	// Where is for a step without a handler: a CEL expression over `message`, what would be emitted. It is
	// emitted where that holds: `message.outcome == "approved"`.
	Where string `json:"where"`
	// Message is what the messages look like: `wistro.Type[Told]()`.
	Message Schema `json:"-"`
}

func (e Emit) emission() Emit { return e }

// Topic is a topic whose messages have a type. Declared once, it stands in the `Emissions` of steps and
// emits, and a message of another type does not compile:
//
//	var Told = wistro.Message[ToldMessage]("warehouse.told")
//
//	Emissions: []wistro.Emission{Told},
//	…
//	return Told.Emit(ctx, ToldMessage{OrderID: in.OrderID})
type Topic[T any] struct{ name string }

// Message names the topic of messages of type T.
func Message[T any](topic string) Topic[T] { return Topic[T]{name: topic} }

// Name is the name of the topic.
func (t Topic[T]) Name() string { return t.name }

// Emit emits a message, as [Context.Emit] does.
func (t Topic[T]) Emit(ctx Context, message T) error { return ctx.Emit(t.name, message) }

func (t Topic[T]) emission() Emit { return Emit{Topic: t.name, Message: Type[T]()} }
