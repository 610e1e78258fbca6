package strict_test

import (
	"encoding/json"
	"fmt"
	"time"

	"scopegate/strict"
)

// job is what the file of the example describes.
type job struct {
	Name    string
	Every   time.Duration
	Retries int
	Enabled bool
}

var jobs = strict.Object[job]{
	Title: "job.yaml",
	Doc:   "A job.",
	Fresh: func() job { return job{Enabled: true, Retries: 3} },
	Fields: []strict.Field[job]{
		strict.Key("name", strict.Word(strict.Scalar[string]{Want: "a name"}), func(j *job) *string { return &j.Name }, "Its name.").Required(),
		strict.Key("every", strict.Duration(time.Second, 24*time.Hour), func(j *job) *time.Duration { return &j.Every }, "How often."),
		strict.Key("retries", strict.Integer[int]{Min: 0, Max: 9}, func(j *job) *int { return &j.Retries }, "How often again."),
		strict.Key("enabled", strict.Bool, func(j *job) *bool { return &j.Enabled }, "Whether it runs."),
	},
}

func ExampleRead() {
	j, _, problems := strict.Read("job.yaml", []byte("name: sweep\nevery: 90s\n"), strict.Environment{}, jobs, nil)
	shown, _ := jobs.Show(*j)
	text, err := json.Marshal(shown)
	fmt.Println(string(text), err, len(problems))
	// Output: {"name":"sweep","every":"1m30s","retries":3,"enabled":true} <nil> 0
}

// All problems are told at once, in the order of the file.
func ExampleRead_problems() {
	_, _, problems := strict.Read("job.yaml", []byte("every: soon\nretries: 010\nenabled: yes\nevrey: 1h\n"), strict.Environment{}, jobs, nil)
	fmt.Println(problems)
	// Output:
	// job.yaml:1:1: name is missing
	// job.yaml:1:8: every: "soon" is not a duration from 1s to 24h such as 30s or 1h30m
	// job.yaml:2:10: retries: want a whole number from 0 to 9, got the number 010
	// job.yaml:3:10: enabled: want true or false, got the text "yes"
	// job.yaml:4:1: unknown key "evrey" (did you mean "every"?)
}
