package metrics

import "time"

// TokenRequest counts one request to the token endpoint. result is "issued"
// or the error of RFC 6749 section 5.2 that the caller got.
func (m *Metrics) TokenRequest(grantType, result string) {
	m.tokenRequests[m.grants.of(grantType)][m.results.of(result)].Inc()
}

// TokenRevoked counts one revocation. cause is "client" (RFC 7009), "admin",
// "client_revoked", "client_disabled" or "client_tokens"; the last three end
// all of a client's tokens at once and count as one.
func (m *Metrics) TokenRevoked(cause string) { m.tokensRevoked[m.causes.of(cause)].Inc() }

// StoreWrite counts one durable write of so many records that took d.
func (m *Metrics) StoreWrite(d time.Duration, records int) {
	m.storeWriteSeconds.Observe(d.Seconds())
	m.storeBatchSize.Observe(float64(records))
}

// StoreUp says whether the store answers. Until it is called the store is down.
func (m *Metrics) StoreUp(up bool) { m.storeUp.Set(truth(up)) }

// StoreFull says whether the disk reserve is reached.
func (m *Metrics) StoreFull(full bool) { m.storeFull.Set(truth(full)) }

// RequestHeadError counts one connection that ended over a request's head.
func (m *Metrics) RequestHeadError() { m.requestHeadErrors.Inc() }

// Reloaded says how a load of routes.yaml ended, the first one included.
func (m *Metrics) Reloaded(ok bool, at time.Time) {
	m.reloadSuccessful.Set(truth(ok))
	if ok {
		m.reloadSuccessSeconds.Set(float64(at.UnixMilli()) / 1000)
	}
}
