package gitlabsim

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// settingsJSON is a settings row in GitLab's answers.
type settingsJSON struct {
	Active            bool    `json:"active"`
	ProjectName       *string `json:"project_name"`
	SentryExternalURL *string `json:"sentry_external_url"`
	APIURL            *string `json:"api_url"`
	Integrated        bool    `json:"integrated"`
}

// settingsAnswer answers the row of a project. While the flag is off GitLab shows integrated as false.
func (i *instance) settingsAnswer(p *project) answer {
	row := p.settings
	return jsonAnswer(http.StatusOK, settingsJSON{
		Active:            row.Active,
		ProjectName:       row.ProjectName,
		SentryExternalURL: row.SentryExternalURL,
		APIURL:            row.APIURL,
		Integrated:        row.Integrated && i.flagOf(p),
	})
}

// noSettings is the answer for a project without a row.
func noSettings() answer { return message(http.StatusNotFound, "404 Error Tracking Setting Not Found") }

// showSettings answers GET.
func (i *instance) showSettings(c *call) answer {
	if c.project.settings == nil {
		return noSettings()
	}
	return i.settingsAnswer(c.project)
}

// patchSettings answers PATCH, which changes a row and makes none, whatever the flag.
func (i *instance) patchSettings(c *call) answer {
	active, integrated, problems := settingsParams(c.params, false)
	if len(problems) > 0 {
		return parameterError(http.StatusBadRequest, problems...)
	}
	if c.project.settings == nil {
		return noSettings()
	}
	if integrated == nil {
		integrated = &c.project.settings.Integrated
	}
	return i.saveSettings(c.project, active, integrated)
}

// putSettings answers PUT, which makes the row when there is none, where the flag is on.
func (i *instance) putSettings(c *call) answer {
	active, integrated, problems := settingsParams(c.params, true)
	if len(problems) > 0 {
		return parameterError(http.StatusBadRequest, problems...)
	}
	if !i.flagOf(c.project) {
		return message(http.StatusNotFound, "404 Not Found")
	}
	return i.saveSettings(c.project, active, integrated)
}

// settingsParams reads active, which must have a value, and integrated, which may be null. The problems are in Grape's
// words and order; a missing active is reported as empty too.
func settingsParams(p params, needIntegrated bool) (active bool, integrated *bool, problems []string) {
	value, problem := p.flag("active")
	if _, given := p["active"]; !given {
		problems = append(problems, "active is missing")
	}
	if problem != "" {
		problems = append(problems, problem)
	} else if value == nil {
		problems = append(problems, "active is empty")
	}
	integrated, problem = p.flag("integrated")
	if _, given := p["integrated"]; !given && needIntegrated {
		problems = append(problems, "integrated is missing")
	}
	if problem != "" {
		problems = append(problems, problem)
	}
	return valueOr(value, false), integrated, problems
}

// saveSettings stores new values, keeping those of Sentry. A save that changes nothing is none: GitLab neither validates
// nor makes a key. Values that do not pass are answered with 200 and not stored. Where the stored row is active and
// integrated and no key is active, GitLab makes a key by itself, whatever the flag.
func (i *instance) saveSettings(p *project, active bool, integrated *bool) answer {
	row := Settings{}
	if p.settings != nil {
		row = *p.settings
		if integrated != nil && row.Active == active && row.Integrated == *integrated {
			return i.settingsAnswer(p)
		}
	}
	if problems := settingsProblems(active, integrated, row.APIURL); len(problems) > 0 {
		return jsonAnswer(http.StatusOK, struct {
			Message string `json:"message"`
			Status  string `json:"status"`
		}{sentence(problems), "error"})
	}
	row.Active, row.Integrated = active, *integrated
	p.settings = &row
	if row.Active && row.Integrated && !slices.ContainsFunc(p.keys, func(k ClientKey) bool { return !k.Inactive }) {
		i.createKey(p)
	}
	return i.settingsAnswer(p)
}

// settingsProblems returns what GitLab's model finds wrong with a row, in the model's order.
func settingsProblems(active bool, integrated *bool, apiURL *string) []string {
	var problems []string
	add := func(text string) { problems = append(problems, "Error tracking setting "+text) }
	if apiURL != nil {
		if reason := blockReason(*apiURL); reason != "" {
			add("api url is blocked: " + reason)
		}
	}
	if integrated == nil {
		add("integrated is not included in the list")
	}
	if active && !valueOr(integrated, false) && apiURL == nil {
		add("api url is a required field")
		add("token is a required field")
	}
	return problems
}

// blockReason says why GitLab does not send requests to a URL, or returns an empty text. GitLab takes the addresses of
// its own machine for localhost and has other words for the rest of the loopback network.
func blockReason(apiURL string) string {
	u, err := url.Parse(apiURL)
	if err != nil {
		return ""
	}
	const localhost = "Requests to localhost are not allowed"
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return localhost
	}
	ip := net.ParseIP(host)
	switch {
	case ip == nil:
		return ""
	case ip.IsUnspecified(), ip.Equal(net.IPv4(127, 0, 0, 1)), ip.Equal(net.IPv6loopback):
		return localhost
	case ip.IsLoopback():
		return "Requests to loopback addresses are not allowed"
	}
	return ""
}

// sentence joins texts as Rails' to_sentence does.
func sentence(texts []string) string {
	last := len(texts) - 1
	if last < 2 {
		return strings.Join(texts, " and ")
	}
	return strings.Join(texts[:last], ", ") + ", and " + texts[last]
}
