package house_test

import (
	"go/ast"
	"strings"
	"testing"
)

// A room is a folder of the tree with all below it that is not a room itself.
type room struct {
	name string
	// may lists the rooms of ours that it imports; "*" is every room, and a
	// final "/..." is a room with all below it. The room itself and what lies
	// below it need no mention.
	may []string
	// onlyStd says that no third-party module may be imported at all.
	onlyStd bool
	// noSockets and noClock are said of pure rooms.
	noSockets, noClock bool
	why                string
}

// The house: whose door opens to whom. Each ban has its reason.
var rooms = []room{
	{name: "authz", onlyStd: true, why: "the law knows no transport, no engine and no metric: whoever reads it needs the standard library only"},
	{name: "authz/oauth", may: []string{"authz", "authz/assertion", "metrics"}, why: "the authorization server speaks in authz nouns; it must not know which engine keeps them nor how requests are forwarded"},
	{name: "authz/assertion", may: []string{"authz"}, onlyStd: true, noSockets: true, noClock: true, why: "what is signed is made of claims and a time that are handed in: it must not know who asks and how the answer travels"},
	{name: "authz/clientfile", may: []string{"authz", "strict"}, noSockets: true, noClock: true, why: "a file of clients is checked by itself; whether the server can take it, the server says"},
	{name: "authz/admin", may: []string{"authz", "metrics", "authz/assertion", "authz/oauth", "authz/webhook"}, why: "the admin API changes clients through authz, describes a token in oauth's words and shows how webhooks fare; what it reports of the gateway comes in through interfaces of its own"},
	{name: "authz/webhook", may: []string{"authz", "metrics"}, onlyStd: true, why: "a webhook follows the control log through the Store contract; it must not know which engine keeps it nor how its configuration is written"},
	{name: "store", may: []string{"authz", "store/..."}, why: "the notebook keeps what authz says and decides nothing"},
	{name: "store/badgerstore", may: []string{"authz"}, why: "an engine knows the Store contract and no neighbour"},
	{name: "store/memstore", may: []string{"authz"}, why: "an engine knows the Store contract and no neighbour"},
	{name: "store/storetest", may: []string{"authz"}, why: "the conformance suite must not know which engine it judges"},
	{name: "store/live", may: []string{"authz"}, why: "the in-memory view follows any engine through the Store contract"},
	{name: "gateway", may: []string{"authz", "authz/assertion", "metrics"}, why: "the road asks authz for Decisions; if it could reach the store it could decide by itself"},
	{name: "gateway/exchange", onlyStd: true, why: "request and answer are plain values that every front and every upstream shares"},
	{name: "strict", noSockets: true, noClock: true, why: "how our YAML files are read is the same for all of them, so it can know none"},
	{name: "gateway/config", may: []string{"authz", "authz/assertion", "strict", "gateway/route"}, noSockets: true, noClock: true, why: "routes.yaml as written is checked offline: the same file must mean the same everywhere and at any time"},
	{name: "gateway/route", may: []string{"authz"}, onlyStd: true, noSockets: true, noClock: true, why: "matching is a pure function of table and path: it can be fuzzed, explained and replayed"},
	{name: "gateway/diff", may: []string{"authz", "gateway/config", "gateway/route"}, noSockets: true, noClock: true, why: "what a changed file means for access is said before it serves, from the two files alone"},
	{name: "gateway/openapi", may: []string{"authz", "gateway/config", "gateway/route"}, noSockets: true, noClock: true, why: "a document of others becomes routes offline: what it cannot decide is said, and nothing is fetched"},
	{name: "gateway/forwarded", may: []string{"gateway/exchange"}, why: "whose word counts about a request's origin is read from header fields and the peer, nothing else"},
	{name: "gateway/rawio", onlyStd: true, why: "two system calls on a descriptor: what is read and written is the affair of whoever calls"},
	{name: "gateway/upstream", may: []string{"authz", "gateway/exchange", "gateway/rawio"}, why: "forwarding takes a Permit; it must not know routes, fronts or how the Permit came about"},
	{name: "gateway/limit", may: []string{"gateway/exchange"}, why: "a limit counts and says so in header fields; it must not know what is forwarded where"},
	{name: "gateway/wire", may: []string{"metrics", "gateway/exchange", "gateway/rawio"}, why: "a front turns bytes into an exchange and back; it must not reach round the pipeline to the upstream"},
	{name: "metrics", why: "typed counters are used by every room and so can know none"},
	{name: "cmd/scopegate", may: []string{"*"}, why: "the wiring knows everybody"},
	{name: "house", why: "the house rules read source text and run nothing"},
	{name: "deploy", why: "deployment files are checked as text"},
	{name: "bench", may: []string{"*"}, why: "measurements may look anywhere; nothing may depend on them"},
	{name: "examples", may: []string{"*"}, why: "examples show how to use what is there; nothing may depend on them"},
	{name: "docs", may: []string{"*"}, why: "documentation tests may look anywhere; nothing may depend on them"},
}

// closed are rooms that nobody imports.
var closed = map[string]string{
	"cmd/scopegate": "what the wiring knows belongs into the room that owns it",
	"house":         "the house rules are no library",
	"deploy":        "deployment files are no library",
	"bench":         "measurements are no library",
	"examples":      "examples are no library",
	"docs":          "documentation is no library",
}

// optional are rooms that need not hold Go code.
var optional = map[string]bool{"bench": true, "examples": true, "docs": true}

func TestEveryRoomExistsAndEveryPackageHasARoom(t *testing.T) {
	found := map[string]bool{}
	for _, s := range sources(t) {
		r := roomOf(s.dir)
		if r == nil {
			t.Errorf("%s: package %s has no room: give it one in arrows_test.go, with what it may import and why", s.path, s.dir)
			continue
		}
		found[r.name] = true
	}
	for _, r := range rooms {
		if !found[r.name] && !optional[r.name] {
			t.Errorf("room %s holds no package: the rule about it guards nothing", r.name)
		}
	}
}

func TestOurPackagesImportOnlyTheRoomsTheyMay(t *testing.T) {
	for _, s := range sources(t) {
		r := roomOf(s.dir)
		if r == nil {
			continue // said by the test above
		}
		for _, path := range s.imports() {
			dir, ours := strings.CutPrefix(path, modulePath+"/")
			if !ours {
				continue
			}
			to := roomOf(dir)
			if to == nil || to.name == r.name {
				continue
			}
			if why, is := closed[to.name]; is {
				t.Errorf("%s imports %s, which nobody may: %s", s.path, dir, why)
			}
			// Tests may build what they need; the code itself may not.
			if !s.isTest && !r.opensTo(to.name) {
				t.Errorf("%s imports %s, which %s may not: %s", s.path, dir, r.name, r.why)
			}
		}
	}
}

func TestPureRoomsKnowNoSocketsNoClockAndNoThirdParty(t *testing.T) {
	sockets := map[string]bool{"net": true, "net/http": true, "net/http/httputil": true, "crypto/tls": true, "syscall": true}
	for _, s := range sources(t) {
		r := roomOf(s.dir)
		if r == nil || s.isTest {
			continue
		}
		for _, path := range s.imports() {
			if r.noSockets && sockets[path] {
				t.Errorf("%s imports %s, but %s knows no sockets: %s", s.path, path, r.name, r.why)
			}
			if r.onlyStd && isThirdParty(path) {
				t.Errorf("%s imports %s, but %s imports the standard library only: %s", s.path, path, r.name, r.why)
			}
		}
		if r.noClock {
			for _, call := range selections(s, "time", "Now", "Since", "Until", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "Sleep") {
				t.Errorf("%s reads the clock, which %s may not: %s", s.at(call), r.name, r.why)
			}
		}
	}
}

// roomOf finds the innermost room of a folder, nil if there is none.
func roomOf(dir string) *room {
	var best *room
	for i := range rooms {
		r := &rooms[i]
		if (dir == r.name || strings.HasPrefix(dir, r.name+"/")) && (best == nil || len(r.name) > len(best.name)) {
			best = r
		}
	}
	return best
}

func (r *room) opensTo(name string) bool {
	if strings.HasPrefix(name, r.name+"/") {
		return true
	}
	for _, may := range r.may {
		above, deep := strings.CutSuffix(may, "/...")
		if may == "*" || may == name || deep && strings.HasPrefix(name, above+"/") {
			return true
		}
	}
	return false
}

// selections finds the uses of a package's names, whatever they are used for.
func selections(s *source, pkg string, names ...string) []ast.Node {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	var found []ast.Node
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && wanted[sel.Sel.Name] {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == pkg && x.Obj == nil {
				found = append(found, sel)
			}
		}
		return true
	})
	return found
}
