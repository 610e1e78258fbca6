package config_test

import (
	"testing"

	"gopkg.in/yaml.v3"

	"scopegate/gateway/config"
)

// FuzzLoad loads whatever comes. What loads has no route that is open without
// saying public: true, as another reader of the file sees it, and loads again
// from its own JSON form.
func FuzzLoad(f *testing.F) {
	for _, c := range corpus(f) {
		f.Add(c.routes(f))
	}
	for _, path := range examples(f) {
		f.Add(read(f, path))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		c, problems := config.Load("routes.yaml", file, nothing())
		if (c == nil) == (len(problems) == 0) {
			t.Fatalf("loaded %v with problems %v", c, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.Message == "" {
				t.Fatalf("a problem without place or words: %+v", p)
			}
		}
		if c == nil {
			return
		}
		var other struct {
			Routes []struct {
				Public any `yaml:"public"`
			} `yaml:"routes"`
		}
		if err := yaml.Unmarshal(file, &other); err != nil || len(other.Routes) != len(c.Routes) {
			t.Fatalf("another reader sees %d routes, not %d: %v", len(other.Routes), len(c.Routes), err)
		}
		for i := range c.Routes {
			requirement := c.Routes[i].Requirement()
			if said := other.Routes[i].Public == true; requirement.Public != said || !said && requirement.Empty() {
				t.Fatalf("routes[%d] says public: %v and demands %+v", i, other.Routes[i].Public, requirement)
			}
		}
		loadsAgain(t, c)
	})
}
