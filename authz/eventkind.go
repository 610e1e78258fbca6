package authz

// EventKinds returns the kinds of control events that others may be told of,
// sorted. That a secret moved to another hash key is nobody else's business.
func EventKinds() []EventKind {
	return []EventKind{
		EventClientCreated, EventClientDisabled, EventClientEnabled, EventClientRevoked, EventTokensRevoked, EventClientUpdated,
		EventClockSetBack, EventKeysRetired, EventKeysRotated, EventSecretExpiring, EventSecretRemoved, EventSecretRotated, EventTokenIssued, EventTokenRevoked,
	}
}
