package main

import (
	"maps"
	"slices"
	"strings"
)

// parseLabels reads --label KEY=VALUE, several in one divided by commas, which
// no label holds; the empty text is none.
func parseLabels(texts []string) (map[string]string, error) {
	labels := map[string]string{}
	for _, text := range texts {
		for one := range strings.SplitSeq(text, ",") {
			key, value, ok := strings.Cut(one, "=")
			if !ok && one != "" {
				return nil, usage("--label %q: use KEY=VALUE", one)
			}
			if one != "" {
				labels[key] = value
			}
		}
	}
	return labels, nil
}

// labelText shows labels as --label takes them, in the order of their keys.
func labelText(labels map[string]string) string {
	texts := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		texts = append(texts, key+"="+labels[key])
	}
	return strings.Join(texts, " ")
}
