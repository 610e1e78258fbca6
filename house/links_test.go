package house_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	mdLink = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	mdHead = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noSlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// slugs are the anchors that a page's headings get where Markdown is shown.
func slugs(page []byte) map[string]bool {
	found := map[string]bool{}
	for _, m := range mdHead.FindAllSubmatch(page, -1) {
		text := noSlug.ReplaceAllString(strings.ToLower(string(m[1])), "")
		found[strings.ReplaceAll(text, " ", "-")] = true
	}
	return found
}

// brokenLink says why a link of a page leads nowhere; "" if it leads somewhere
// or out of the repository.
func brokenLink(tree fs.FS, page, link string) string {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return ""
	}
	file, anchor, _ := strings.Cut(link, "#")
	target := page
	if file != "" {
		target = path.Join(path.Dir(page), file)
	}
	if _, err := fs.Stat(tree, target); err != nil {
		return "there is no " + target
	}
	if anchor == "" {
		return ""
	}
	content, err := fs.ReadFile(tree, target)
	if err != nil || !slugs(content)[anchor] {
		return target + " has no heading #" + anchor
	}
	return ""
}

func TestEveryLinkOfAPageLeadsSomewhere(t *testing.T) {
	links := 0
	err := walk(func(name string, content []byte) error {
		if path.Ext(name) != ".md" {
			return nil
		}
		for i, line := range strings.Split(string(content), "\n") {
			for _, m := range mdLink.FindAllStringSubmatch(line, -1) {
				links++
				if why := brokenLink(os.DirFS(".."), name, m[1]); why != "" {
					t.Errorf("%s:%d: %s: %s", name, i+1, m[1], why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if links == 0 {
		t.Error("no page has a link: what finds them is wrong")
	}
}

// A page that README does not lead to is read by nobody.
func TestREADMELeadsToEveryPage(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := fs.Glob(os.DirFS(".."), "docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("pages %v, error %v", pages, err)
	}
	for _, page := range pages {
		if !strings.Contains(string(readme), "]("+page+")") {
			t.Errorf("README.md has no link to %s", page)
		}
	}
}

func TestALinkThatLeadsNowhereIsFound(t *testing.T) {
	tree := os.DirFS("..")
	for link, broken := range map[string]bool{
		"docs/cli.md": false, "docs/cli.md#scopegate-serve": false, "docs": false, "https://example.com/none": false, "#more": false,
		"docs/none.md": true, "docs/cli.md#none": true, "#none": true, "cli.md": true,
	} {
		if why := brokenLink(tree, "README.md", link); (why != "") != broken {
			t.Errorf("%s: %q", link, why)
		}
	}
}
