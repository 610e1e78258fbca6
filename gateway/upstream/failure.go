package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

var (
	errNoPermit  = errors.New("forwarding without a valid permit")
	errStale     = errors.New("the kept connection had ended")
	errFull      = errors.New("no connection became free")
	errGone      = errors.New("the caller left")
	errTruncated = errors.New("the answer ended before its end")
)

// failure is an error with the Reason that the Record gets.
type failure struct {
	reason authz.Reason
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(reason authz.Reason, err error) error { return &failure{reason, err} }

// garbage is an answer that breaks the grammar.
func garbage(format string, args ...any) error {
	return fail(authz.ReasonUpstreamError, fmt.Errorf("malformed answer: "+format, args...))
}

func gone(err error) error {
	if err == nil {
		err = errGone
	}
	return fail(authz.ReasonClientGone, err)
}

// reasonOf returns the Reason of an error that ended an exchange.
func reasonOf(err error) authz.Reason {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.reason
	}
	return authz.ReasonInternal
}

// bodyFailure explains why the request's body could not be read.
func bodyFailure(err error) error {
	switch {
	case errors.Is(err, exchange.ErrBodyTooLarge):
		return fail(authz.ReasonBodyTooLarge, err)
	case errors.Is(err, exchange.ErrBodyMalformed):
		return fail(authz.ReasonBadRequest, err)
	default:
		return gone(fmt.Errorf("reading the body: %w", err))
	}
}

// dialFailure explains why there is no connection; ctx is the exchange's.
func dialFailure(ctx context.Context, err error) error {
	var timeout net.Error
	switch {
	case ctx.Err() != nil:
		return gone(ctx.Err())
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &timeout) && timeout.Timeout():
		return fail(authz.ReasonUpstreamTimeout, err)
	default:
		return fail(authz.ReasonUpstreamUnavailable, err)
	}
}

// readFailure explains a read that failed; heard says that a part of the
// answer had come.
func readFailure(err error, heard bool) error {
	var f *failure
	switch {
	case err == errStale, errors.As(err, &f):
		return err
	case !heard:
		return fail(authz.ReasonUpstreamUnavailable, fmt.Errorf("no answer: %w", err))
	case errors.Is(err, io.EOF):
		return fail(authz.ReasonUpstreamError, errTruncated)
	default:
		return fail(authz.ReasonUpstreamError, fmt.Errorf("%w: %w", errTruncated, err))
	}
}
