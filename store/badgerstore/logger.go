package badgerstore

import (
	"fmt"
	"log/slog"
	"strings"
)

// engineLog passes Badger's words to slog. What Badger calls information is
// debugging for our operators, and its errors are warnings: whether one
// matters is decided, and logged, here.
type engineLog struct{ log *slog.Logger }

func (l engineLog) Errorf(format string, args ...any) {
	l.log.Warn("storage engine", "detail", line(format, args))
}

func (l engineLog) Warningf(format string, args ...any) {
	l.log.Warn("storage engine", "detail", line(format, args))
}

func (l engineLog) Infof(format string, args ...any) {
	l.log.Debug("storage engine", "detail", line(format, args))
}

// Debugf drops what it is told: Badger says something for each write.
func (engineLog) Debugf(string, ...any) {}

func line(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}
