package main

import (
	"fmt"
	"strings"
	"time"

	"scopegate/authz/admin"
	"scopegate/strict"
)

// section is one question with its answers.
type section struct {
	title string
	heads []any
	rows  [][]any
}

// table writes a section for each question.
func (u *usageReport) table(t *table) {
	for i, s := range u.sections() {
		if i > 0 {
			t.row("")
		}
		s.write(t)
	}
}

func (u *usageReport) sections() []section {
	all := []section{
		{"What clients used", []any{"CLIENT", "NAME", "STATUS", "OWNER", "LAST USED", "REQUESTS", "TOKENS", "COUNTED SINCE"}, u.used()},
		{"Scopes that clients used", []any{"CLIENT", "NAME", "SCOPE", "LAST USED", "USES", "COUNTED SINCE"}, u.usedScopes()},
		{"Scopes granted and not used for " + strict.ShortDuration(time.Duration(u.UnusedFor)), []any{"CLIENT", "NAME", "SCOPE", "LAST USED", "COUNTED SINCE"}, u.unused()},
		{"Clients that fetch a token per call", []any{"CLIENT", "NAME", "TOKENS", "REQUESTS", "SINCE"}, u.tokenPerCall()},
		{"Scopes that no route asks for", []any{"SCOPE", "CLIENTS", "IN CATALOGUE"}, u.unasked()},
	}
	if u.UncallableRoutes != nil {
		all = append(all, section{"Routes that nobody may call", []any{"ROUTE", "ASKS FOR", "WHY"}, u.uncallable()})
	}
	return all
}

// write writes the title and the rows below their heads, or that there are none.
func (s *section) write(t *table) {
	t.row(s.title + ":")
	if len(s.rows) == 0 {
		t.row("  none")
		return
	}
	for _, row := range append([][]any{s.heads}, s.rows...) {
		row[0] = fmt.Sprint("  ", row[0])
		t.row(row...)
	}
}

func (u *usageReport) used() (rows [][]any) {
	for i := range u.Clients {
		c := &u.Clients[i]
		owner := ownerText(&admin.Client{OwnerType: c.OwnerType, OwnerID: c.OwnerID})
		rows = append(rows, []any{c.ClientID, c.Name, c.Status, owner, when(c.LastUsedAt), c.Requests, c.TokensIssued, when(c.CountedSince)})
	}
	return rows
}

func (u *usageReport) usedScopes() (rows [][]any) {
	for i := range u.Clients {
		for _, s := range u.Clients[i].Scopes {
			if s.Uses > 0 {
				rows = append(rows, []any{u.Clients[i].ClientID, u.Clients[i].Name, s.Scope, when(s.LastUsedAt), s.Uses, when(s.CountedSince)})
			}
		}
	}
	return rows
}

func (u *usageReport) unused() (rows [][]any) {
	for i := range u.Clients {
		for _, s := range u.Clients[i].Scopes {
			if s.Unused {
				rows = append(rows, []any{u.Clients[i].ClientID, u.Clients[i].Name, s.Scope, when(s.LastUsedAt), when(s.CountedSince)})
			}
		}
	}
	return rows
}

func (u *usageReport) unasked() (rows [][]any) {
	for _, s := range u.UnaskedScopes {
		rows = append(rows, []any{s.Scope, s.Clients, map[bool]string{true: "yes", false: "no"}[s.InCatalogue]})
	}
	return rows
}

func (u *usageReport) uncallable() (rows [][]any) {
	for _, r := range u.UncallableRoutes {
		var asks []string
		if len(r.Scopes) > 0 {
			asks = append(asks, "all of: "+strings.Join(r.Scopes, " "))
		}
		if len(r.AnyScope) > 0 {
			asks = append(asks, "one of: "+strings.Join(r.AnyScope, " "))
		}
		if len(r.ClientIDs) > 0 {
			asks = append(asks, "a client of: "+strings.Join(r.ClientIDs, " "))
		}
		why := "no active client may have these scopes"
		switch {
		case r.Lacks == "clients":
			why = "no client of the list is active"
		case len(r.ClientIDs) > 0:
			why = "no active client of the list may have these scopes"
		}
		rows = append(rows, []any{r.Route, strings.Join(asks, "; "), why})
	}
	return rows
}

func (u *usageReport) tokenPerCall() (rows [][]any) {
	for i := range u.Clients {
		if c := &u.Clients[i]; c.TokenPerCall {
			rows = append(rows, []any{c.ClientID, c.Name, c.Recent.TokensIssued, c.Recent.Requests, when(c.Recent.Since)})
		}
	}
	return rows
}
