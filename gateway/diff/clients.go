package diff

import (
	"slices"

	"scopegate/authz"
)

// Client is a client that may be affected: an active one.
type Client struct {
	ID     authz.ClientID
	Name   string
	Scopes *authz.ScopeSet // that it may be given
}

// Name writes into each change the clients that gain or lose by it: those
// whose widest token passed one file and does not pass the other.
func (r Report) Name(clients []Client) {
	for i := range r {
		c := &r[i]
		c.Clients = nil
		for _, client := range clients {
			if c.affects(&client) {
				c.Clients = append(c.Clients, client.Name+" ("+string(client.ID)+")")
			}
		}
		slices.Sort(c.Clients)
	}
}

func (c *Change) affects(client *Client) bool {
	switch {
	case c.scope != "":
		return client.Scopes.Has(c.scope)
	case c.before == nil:
		return false
	}
	before, after := c.before.opensTo(client), c.after.opensTo(client)
	return c.Effect == Widens && after && !before || c.Effect == Narrows && before && !after
}

func (a *access) opensTo(client *Client) bool {
	r := a.requirement
	if r == nil || r.Public {
		return r != nil
	}
	return r.Judge(client.ID, client.Scopes.Within(a.catalogue)) == authz.ReasonAllowed
}
