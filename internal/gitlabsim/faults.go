package gitlabsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Fault makes matching requests go wrong. Of several faults that match a request the first is used. A fault is one of:
//
//   - an answer of its own (Status, with Body, ContentType and Headers as wanted),
//   - a cut connection without an answer (Drop),
//   - silence: the connection stays open and no answer comes until the client gives up or the server closes (Hang),
//   - headers that are added to the regular answer (Headers alone).
//
// With After the first three happen when GitLab's work is done, so that the answer alone is lost.
type Fault struct {
	// Method is the HTTP method. Empty means any.
	Method string `json:"method"`
	// Path is the path below /api/v4 as it is on the wire, with its escapes. A * stands for any text, slashes included.
	Path string `json:"path"`
	// Status is the HTTP status, 200 to 599.
	Status int `json:"status"`
	// Body is the body. Empty means none below 400, and a line of text as proxies send it from there on.
	Body string `json:"body"`
	// ContentType is the media type of Body. Empty means application/json when Body is JSON, else text/plain.
	ContentType string `json:"content_type"`
	// Headers are the headers of the answer.
	Headers map[string]string `json:"headers"`
	// After does the regular work first.
	After bool `json:"after"`
	// Drop cuts the connection.
	Drop bool `json:"drop"`
	// Hang never answers.
	Hang bool `json:"hang"`
	// Times is the number of requests the fault is good for. 0 means all.
	Times int `json:"times"`
}

// validate returns an error that begins with the name of the bad field.
func (f Fault) validate() error {
	answers := f.Status != 0
	switch {
	case !strings.HasPrefix(f.Path, "/"):
		return fmt.Errorf("path: %q is not a path that begins with a slash", f.Path)
	case strings.HasPrefix(f.Path, apiPrefix+"/"):
		return fmt.Errorf("path: %q is not a path below %s", f.Path, apiPrefix)
	case answers && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status: %d is not between 200 and 599", f.Status)
	case f.Times < 0:
		return fmt.Errorf("times: %d is negative", f.Times)
	case f.Drop && f.Hang:
		return errors.New("hang: true does not go with drop")
	case f.silent() && (answers || f.Body != "" || f.ContentType != "" || len(f.Headers) > 0):
		field := "drop"
		if f.Hang {
			field = "hang"
		}
		return errors.New(field + ": true does not go with an answer (status, body, content_type, headers)")
	case !answers && f.Body != "":
		return fmt.Errorf("body: %q needs a status", f.Body)
	case !f.allowsBody() && f.Body != "":
		return fmt.Errorf("body: %q cannot go with status %d, which has none", f.Body, f.Status)
	case f.ContentType != "" && f.Body == "":
		return fmt.Errorf("content_type: %q needs a body", f.ContentType)
	case f.After && !answers && !f.silent():
		return errors.New("after: true needs a status, drop or hang")
	case !answers && !f.silent() && len(f.Headers) == 0:
		return errors.New("status: 0 does nothing without drop, hang or headers")
	}
	return nil
}

// silent reports whether the client gets no answer.
func (f Fault) silent() bool { return f.Drop || f.Hang }

// allowsBody reports whether HTTP lets an answer of the fault's status have a body.
func (f Fault) allowsBody() bool {
	return f.Status != http.StatusNoContent && f.Status != http.StatusNotModified
}

// matches reports whether a request is one the fault is for.
func (f Fault) matches(c *call) bool {
	return (f.Method == "" || f.Method == c.method) && matchWildcards(f.Path, c.path)
}

// matchWildcards reports whether text is pattern with some text in place of each *.
func matchWildcards(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return pattern == text
	}
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// answerWithFaults answers a call of the API, and returns the fault that it met, if any. The answer to a call that meets
// a silent one is not to be sent.
func (s *Server) answerWithFaults(c *call) (answer, Fault) {
	fault, met := s.takeFault(c)
	if !met {
		return s.instance.answer(c), fault
	}
	var got answer
	replaced := fault.silent() || fault.Status != 0
	if fault.After || !replaced {
		got = s.instance.answer(c)
	}
	if replaced {
		got = fault.answer()
	}
	for name, value := range fault.Headers {
		got.header.Set(name, value)
	}
	return got, fault
}

// takeFault returns the fault a call meets and counts its use.
func (s *Server) takeFault(c *call) (fault Fault, met bool) {
	for n, fault := range s.faults {
		if !fault.matches(c) {
			continue
		}
		if fault.Times == 1 {
			s.faults = append(s.faults[:n:n], s.faults[n+1:]...)
		} else if fault.Times > 1 {
			fault.Times--
		}
		return *fault, true
	}
	return Fault{}, false
}

// answer is the fault's own answer, without its headers.
func (f Fault) answer() answer {
	text, mediaType := f.Body, f.ContentType
	if text == "" && f.Status >= http.StatusBadRequest {
		text = fmt.Sprintf("%d %s\n", f.Status, http.StatusText(f.Status))
	}
	if mediaType == "" {
		mediaType = "text/plain"
		if json.Valid([]byte(text)) {
			mediaType = "application/json"
		}
	}
	return textAnswer(f.Status, mediaType, text)
}
