package gitlabsim

import (
	"net/http"
	"strings"
)

// answer is what goes back to a client.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// write sends the answer.
func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	// The client may be gone, which is its own business.
	_, _ = w.Write(a.body)
}

// jsonAnswer carries v as JSON.
func jsonAnswer(status int, v any) answer {
	return answer{
		status: status,
		header: http.Header{"Content-Type": {"application/json"}},
		body:   encode(v),
	}
}

// textAnswer carries text of a media type other than JSON.
func textAnswer(status int, mediaType, text string) answer {
	return answer{
		status: status,
		header: http.Header{"Content-Type": {mediaType}},
		body:   []byte(text),
	}
}

// message is the form of GitLab's own errors.
func message(status int, text string) answer {
	return jsonAnswer(status, struct {
		Message string `json:"message"`
	}{text})
}

// parameterError is the form of the errors of Grape, the framework of GitLab's API: problems with parameters and routes.
func parameterError(status int, problems ...string) answer {
	return jsonAnswer(status, struct {
		Error string `json:"error"`
	}{strings.Join(problems, ", ")})
}

// serverError is GitLab's answer when its own code fails.
func serverError() answer {
	return message(http.StatusInternalServerError, "500 Internal Server Error")
}

// noRoute is GitLab's answer to an API path it does not have.
func noRoute() answer { return parameterError(http.StatusNotFound, "404 Not Found") }
