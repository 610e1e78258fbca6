package gatewaytest

import (
	"regexp"
	"slices"
	"strings"
)

var (
	freshID   = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	tokenIDs  = regexp.MustCompile(`^x-principal-token-id: [0-9a-f]{16}$`)
	dateField = regexp.MustCompile(`^date: .*GMT$`)
)

// tell writes a head so that two fronts tell the same: names in lower case
// and sorted, framing left out, what changes from run to run named.
func tell(start string, fields []string) string {
	var lines []string
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		line := strings.ToLower(name) + ": " + strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-length", "transfer-encoding", "connection":
			continue
		}
		line = dateField.ReplaceAllString(line, "date: NOW")
		line = tokenIDs.ReplaceAllString(line, "x-principal-token-id: TOKENID")
		lines = append(lines, freshID.ReplaceAllString(line, "FRESH"))
	}
	slices.SortStableFunc(lines, func(a, b string) int {
		an, _, _ := strings.Cut(a, ":")
		bn, _, _ := strings.Cut(b, ":")
		return strings.Compare(an, bn)
	})
	return start + "\n" + strings.Join(append(lines, ""), "\n")
}

// tellSeen tells what an upstream saw, the Host that is its own named.
func tellSeen(u *Upstream) string {
	var told strings.Builder
	for _, seen := range u.Seen() {
		lines := strings.Split(strings.TrimRight(seen.Head, "\r\n"), "\r\n")
		told.WriteString(strings.ReplaceAll(tell(lines[0], lines[1:]), u.Addr, "UPSTREAM"))
		told.WriteString(normalBody(seen.Body))
	}
	if told.Len() == 0 {
		return "(nothing)\n"
	}
	text := told.String()
	for _, name := range tokenNames {
		text = strings.ReplaceAll(text, TokenText(name), "<"+name+">")
	}
	return text
}

func normalBody(body string) string {
	if body == "" {
		return ""
	}
	body = freshID.ReplaceAllString(body, "FRESH")
	return "| " + strings.ReplaceAll(strings.TrimRight(body, "\n"), "\n", "\n| ") + "\n"
}
