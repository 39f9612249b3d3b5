package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

const (
	// DefaultTenant is the tenant of a project that has only one.
	DefaultTenant = "default"
	// ProjectFlow is the reserved flow of payloads that belong to no run.
	ProjectFlow = "_project"

	keySize      = 32
	maxNameBytes = 255
	// Key ids arrive from outside, so the cache of derived keys must not grow with what strangers send.
	maxCachedKeys = 4096
)

var masterID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,31}$`)

// KeyID names a flow key: <master>/<tenant>/<flow>.
type KeyID struct {
	Master, Tenant, Flow string
}

// ParseKeyID reads a key id, refusing every text that String cannot give (KeyIDInvalid).
func ParseKeyID(text string) (KeyID, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return KeyID{}, invalidKeyID(text)
	}
	id := KeyID{Master: parts[0], Tenant: parts[1], Flow: parts[2]}
	return id, id.check()
}

func (id KeyID) String() string { return id.Master + "/" + id.Tenant + "/" + id.Flow }

// check refuses names that would make the id, or the derivation, ambiguous.
func (id KeyID) check() error {
	if !isName(id.Tenant) || !isName(id.Flow) || !masterID.MatchString(id.Master) {
		return invalidKeyID(id.String())
	}
	return nil
}

func isName(text string) bool {
	if len(text) == 0 || len(text) > maxNameBytes || !utf8.ValidString(text) {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return r == '/' || r < 0x20 || r == 0x7f })
}

// Master is a secret from which the keys of all flows are derived.
type Master struct {
	ID      string
	Created time.Time
	secret  []byte
}

func (m Master) derive(tenant, flow string) (*FlowKey, error) {
	id := KeyID{Master: m.ID, Tenant: tenant, Flow: flow}
	if err := id.check(); err != nil {
		return nil, err
	}
	return newFlowKey(id, m.Created, expand(m.secret, "wistro/flow-key/v1/"+tenant+"/"+flow)), nil
}

// FlowKey is the key of one flow under one master; only subkeys of it are ever used.
type FlowKey struct {
	ID      KeyID
	Created time.Time
	secret  []byte
	label   []byte
	payload cipher.AEAD
	token   []byte
}

func newFlowKey(id KeyID, created time.Time, secret []byte) *FlowKey {
	key := &FlowKey{ID: id, Created: created, secret: secret, label: []byte(id.String())}
	block, err := aes.NewCipher(key.subkey("wistro/payload/v1"))
	if err != nil {
		panic(err) // Only for a key of another size than expand gives.
	}
	if key.payload, err = cipher.NewGCM(block); err != nil {
		panic(err) // Only for a cipher of another block size than AES has.
	}
	key.token = key.subkey("wistro/run-token/v1")
	return key
}

// subkey derives the 32 bytes for one purpose, so that no two uses share a key.
func (k *FlowKey) subkey(purpose string) []byte { return expand(k.secret, purpose) }

// String keeps the secret out of logs.
func (k *FlowKey) String() string { return "FlowKey(" + k.ID.String() + ")" }

func expand(secret []byte, info string) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, info, keySize)
	if err != nil {
		panic(err) // Only for lengths that HKDF-SHA256 cannot give.
	}
	return key
}

// Keys is where the codec finds keys: a ring, the exported keys of some flows, or a file of them.
type Keys interface {
	// Active is the key that new payloads of a flow are encrypted with; KeyUnknown without one.
	Active(tenant, flow string) (*FlowKey, error)
	// Get is the key that a payload or token names; KeyUnknown, or KeyIDInvalid for what is no id.
	Get(id string) (*FlowKey, error)
	// History is every key of a flow, the oldest first.
	History(tenant, flow string) ([]*FlowKey, error)
}

// KeyRing is the masters of a project, one of them active; it derives keys when first asked.
type KeyRing struct {
	masters []Master
	active  Master

	mu    sync.RWMutex
	cache map[string]*FlowKey
}

func newKeyRing(masters []Master, active string) (*KeyRing, error) {
	ring := &KeyRing{masters: masters, cache: map[string]*FlowKey{}}
	for _, master := range masters {
		if master.ID == active {
			ring.active = master
			return ring, nil
		}
	}
	return nil, fmt.Errorf("the active master `%s` is not among the masters %v", active, ring.ids())
}

// Active implements Keys.
func (r *KeyRing) Active(tenant, flow string) (*FlowKey, error) {
	return r.derive(r.active, tenant, flow)
}

// Get implements Keys.
func (r *KeyRing) Get(id string) (*FlowKey, error) {
	if key := r.cached(id); key != nil {
		return key, nil
	}
	wanted, err := ParseKeyID(id)
	if err != nil {
		return nil, err
	}
	for _, master := range r.masters {
		if master.ID == wanted.Master {
			return r.derive(master, wanted.Tenant, wanted.Flow)
		}
	}
	return nil, unknownKey(id, fmt.Sprintf("the masters %v", r.ids()))
}

// History implements Keys.
func (r *KeyRing) History(tenant, flow string) ([]*FlowKey, error) {
	keys := make([]*FlowKey, len(r.masters))
	for i, master := range r.masters {
		var err error
		if keys[i], err = r.derive(master, tenant, flow); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (r *KeyRing) derive(master Master, tenant, flow string) (*FlowKey, error) {
	id := KeyID{Master: master.ID, Tenant: tenant, Flow: flow}.String()
	if key := r.cached(id); key != nil {
		return key, nil
	}
	key, err := master.derive(tenant, flow)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cache) >= maxCachedKeys {
		clear(r.cache)
	}
	r.cache[id] = key
	return key, nil
}

func (r *KeyRing) cached(id string) *FlowKey {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.cache[id]
}

func (r *KeyRing) ids() []string {
	ids := make([]string, len(r.masters))
	for i, master := range r.masters {
		ids[i] = master.ID
	}
	return ids
}

// FlowKeys is the keys of some flows, and nothing from which another flow's key could be derived.
type FlowKeys struct {
	keys   []*FlowKey
	byID   map[string]*FlowKey
	active string
}

func newFlowKeys(keys []*FlowKey, active string) *FlowKeys {
	found := &FlowKeys{keys: keys, byID: map[string]*FlowKey{}, active: active}
	for _, key := range keys {
		found.byID[key.ID.String()] = key
	}
	return found
}

// Active implements Keys.
func (f *FlowKeys) Active(tenant, flow string) (*FlowKey, error) {
	return f.Get(KeyID{Master: f.active, Tenant: tenant, Flow: flow}.String())
}

// Get implements Keys.
func (f *FlowKeys) Get(id string) (*FlowKey, error) {
	if key, ok := f.byID[id]; ok {
		return key, nil
	}
	if _, err := ParseKeyID(id); err != nil {
		return nil, err
	}
	flows := map[string]bool{}
	for _, key := range f.keys {
		flows[key.ID.Flow] = true
	}
	held := slices.Sorted(maps.Keys(flows))
	return nil, unknownKey(id, fmt.Sprintf("the exported keys of the flows %v", held))
}

// History implements Keys.
func (f *FlowKeys) History(tenant, flow string) ([]*FlowKey, error) {
	var keys []*FlowKey
	for _, key := range f.keys {
		if key.ID.Tenant == tenant && key.ID.Flow == flow {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		_, err := f.Active(tenant, flow) // Names what is held.
		return nil, err
	}
	return keys, nil
}

// FlowOfWorkflow is the flow whose key protects the payloads of a workflow: the text before the
// first "/" of its id. A workflow that is no run falls to the reserved project flow.
func FlowOfWorkflow(workflowID string) string {
	if flow, _, found := strings.Cut(workflowID, "/"); found && flow != "" {
		return flow
	}
	return ProjectFlow
}

func invalidKeyID(text string) error {
	if len(text) > 200 {
		text = text[:200]
	}
	return &Error{
		Code: KeyIDInvalid,
		Message: fmt.Sprintf("%q is not a key id, which is `<master>/<tenant>/<flow>` with names of 1 to"+
			" %d bytes and no control characters.", text, maxNameBytes),
		Hint: "the payload was not written by Wistro, or the flow's name cannot be used",
	}
}

func unknownKey(id, held string) error {
	return &Error{
		Code:    KeyUnknown,
		Message: fmt.Sprintf("The key `%s` is not here; this process holds %s.", id, held),
		Hint: "after `wistro keys rotate`, give every process the new key file or export;" +
			" a worker with exported keys reads only its own flows",
		Retryable: true,
	}
}
