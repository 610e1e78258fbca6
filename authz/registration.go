package authz

import "time"

// Registration is what a client is registered with: all of it but what the
// server alone knows, its secrets and its status.
type Registration struct {
	Name           string
	AllowedGrants  []GrantType // nil: client_credentials
	AllowedScopes  []Scope
	Confidential   bool
	OwnerType      string
	OwnerID        string
	AccessTokenTTL time.Duration // 0: the server's default
	IssueLimit     IssueLimit
	MaxLiveTokens  int // 0: no cap
	Addresses      Addresses
	Labels         map[string]string
}

// Update names what a change sets; nil fields stay.
type Update struct {
	Name           *string
	AllowedGrants  *[]GrantType
	AllowedScopes  *[]Scope
	Confidential   *bool
	OwnerType      *string
	OwnerID        *string
	AccessTokenTTL *time.Duration
	IssueLimit     *IssueLimit
	MaxLiveTokens  *int // 0: no cap
	Addresses      *Addresses
	Labels         *map[string]string
}

// update sets every field that the registration says.
func (n *Registration) update() Update {
	grants := n.AllowedGrants
	if grants == nil {
		grants = []GrantType{GrantClientCredentials}
	}
	return Update{
		Name: &n.Name, AllowedGrants: &grants, AllowedScopes: &n.AllowedScopes, Confidential: &n.Confidential,
		OwnerType: &n.OwnerType, OwnerID: &n.OwnerID, AccessTokenTTL: &n.AccessTokenTTL, IssueLimit: &n.IssueLimit,
		MaxLiveTokens: &n.MaxLiveTokens, Addresses: &n.Addresses, Labels: &n.Labels,
	}
}

// apply sets the asked fields and says of each that is another now what it was
// and what it is.
func (r *Registry) apply(c *Client, u *Update) (fields []string, err error) {
	if u.AllowedScopes != nil {
		scopes, err := r.grantable(*u.AllowedScopes)
		if err != nil {
			return nil, err
		}
		fields = set(fields, "allowed_scopes", &c.AllowedScopes, &scopes)
	}
	fields = set(fields, "name", &c.Name, u.Name)
	fields = set(fields, "allowed_grants", &c.AllowedGrants, u.AllowedGrants)
	fields = set(fields, "confidential", &c.Confidential, u.Confidential)
	fields = set(fields, "owner_type", &c.OwnerType, u.OwnerType)
	fields = set(fields, "owner_id", &c.OwnerID, u.OwnerID)
	fields = set(fields, "access_token_ttl", &c.AccessTokenTTL, u.AccessTokenTTL)
	fields = set(fields, "issue_limit", &c.IssueLimit, u.IssueLimit)
	fields = set(fields, "max_live_tokens", &c.MaxLiveTokens, u.MaxLiveTokens)
	fields = set(fields, "addresses", &c.Addresses, u.Addresses)
	fields = set(fields, "labels", &c.Labels, u.Labels)
	return fields, nil
}

func set[T any](fields []string, name string, field *T, value *T) []string {
	if value == nil {
		return fields
	}
	said := fromTo(name, *field, *value)
	*field = *value
	if said == "" {
		return fields
	}
	return append(fields, said)
}
