package errortracking_test

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// errorTests are the answers that mean something. Those without faults are the simulator's own.
var errorTests = map[string]struct {
	scenario gitlabsim.Scenario
	token    string // of the client; empty means the one that may all
	request  request
	want     errortracking.Error // Kind, Status, Message; Sent, Location where not zero
}{

	"unknown token": {
		token: "other", request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrUnauthorized, Status: 401},
	},
	"unknown token, early check": {
		token: "other", request: checkToken,
		want: errortracking.Error{Kind: errortracking.ErrUnauthorized, Status: 401},
	},
	"expired token": {
		scenario: gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token, State: "expired"}}}, request: checkToken,
		want: errortracking.Error{Kind: errortracking.ErrTokenExpired, Status: 401,
			Message: "invalid_token; Token is expired. You can either do re-authorization or token refresh."},
	},
	"revoked token": {
		scenario: gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token, State: "revoked"}}}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrTokenRevoked, Status: 401,
			Message: "invalid_token; Token was revoked. You have to re-authorize from the user."},
	},
	"token for reading only": {
		scenario: gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token, Scopes: []string{"read_api"}, Roles: map[string]string{"1": "owner"}}}},
		request:  createKey,
		want: errortracking.Error{Kind: errortracking.ErrInsufficientScope, Status: 403,
			Message: "insufficient_scope; The request requires higher privileges than provided by the access token.; scope: api read_api"},
	},
	"developer": {
		scenario: gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token, Roles: map[string]string{"1": "developer"}}}},
		request:  readSettings,
		want:     errortracking.Error{Kind: errortracking.ErrForbidden, Status: 403},
	},
	"project that the token may not see": {
		scenario: gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token}}}, request: createKey,
		want: errortracking.Error{Kind: errortracking.ErrProjectNotFound, Status: 404, Message: "404 Project Not Found"},
	},
	"no project of the path": {
		request: findProject,
		want:    errortracking.Error{Kind: errortracking.ErrProjectNotFound, Status: 404, Message: "404 Project Not Found"},
	},
	"no settings to read": {
		request: readSettings,
		want:    errortracking.Error{Kind: errortracking.ErrSettingsNotFound, Status: 404, Message: "404 Error Tracking Setting Not Found"},
	},
	"no settings to change": {
		request: patchSettings,
		want:    errortracking.Error{Kind: errortracking.ErrSettingsNotFound, Status: 404, Message: "404 Error Tracking Setting Not Found"},
	},
	"flag off": {
		scenario: gitlabsim.Scenario{IntegratedErrorTracking: new(false)}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrFeatureDisabled, Status: 404},
	},
	"text of the flag for another method": {
		scenario: gitlabsim.Scenario{Faults: fault(404, `{"message":"404 Not Found"}`)}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrProjectNotFound, Status: 404},
	},
	"permission of a fine-grained token": {
		scenario: gitlabsim.Scenario{Tokens: []gitlabsim.Token{{Token: token, Roles: map[string]string{"1": "maintainer"}, Permissions: []string{"read_project"}}}}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrMissingPermission, Status: 403,
			Message: "insufficient_granular_scope; Access denied: This operation requires a fine-grained personal access token with the following project permissions: [Error Tracking Setting: Read]."},
	},
	"another refusal": {
		scenario: gitlabsim.Scenario{Faults: fault(403, `{"message":"403 Forbidden - Your account has been blocked."}`)}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrRefused, Status: 403, Message: "403 Forbidden - Your account has been blocked."},
	},
	"no key": {
		request: deleteKey,
		want:    errortracking.Error{Kind: errortracking.ErrClientKeyNotFound, Status: 404},
	},
	"text of the key for another method": {
		scenario: gitlabsim.Scenario{Faults: fault(404, `{"message":"404 Not found"}`)}, request: listKeys,
		want: errortracking.Error{Kind: errortracking.ErrUnexpected, Status: 404},
	},
	"GitLab before PUT": {
		scenario: gitlabsim.Scenario{Version: "15.9.0"}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrNoSuchEndpoint, Status: 404},
	},
	"no error tracking": {
		scenario: gitlabsim.Scenario{ErrorTracking: new(false)}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrFeatureRemoved, Status: 404},
	},
	"404 of Rails": {
		scenario: gitlabsim.Scenario{Version: "15.9.0", Faults: fault(404, `{"status":404,"error":"Not Found"}`)}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrNoSuchEndpoint, Status: 404},
	},
	"write to a moved project": {
		scenario: gitlabsim.Scenario{Faults: fault(405, `{"message":"Non GET methods are not allowed for moved projects"}`)}, request: createKey,
		want: errortracking.Error{Kind: errortracking.ErrProjectMoved, Status: 405, Message: "Non GET methods are not allowed for moved projects"},
	},
	"another 405": {
		scenario: gitlabsim.Scenario{Faults: fault(405, `{"error":"405 Not Allowed"}`)}, request: createKey,
		want: errortracking.Error{Kind: errortracking.ErrUnexpected, Status: 405, Message: "405 Not Allowed"},
	},
	"sign-in elsewhere": {
		scenario: gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 302, Headers: map[string]string{
			"Location": "https://user:password@sso.example.com/" + token + "/login?state=" + token + "#" + token}}}},
		request: readSettings,
		want:    errortracking.Error{Kind: errortracking.ErrRedirected, Status: 302, Location: "https://sso.example.com/(token)/login"},
	},
	"redirect to nowhere": {
		scenario: gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 302}}}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrRedirected, Status: 302},
	},
	"redirect to an invalid address": {
		scenario: gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Status: 302, Headers: map[string]string{"Location": "http://%zz"}}}},
		request:  readSettings,
		want:     errortracking.Error{Kind: errortracking.ErrRedirected, Status: 302},
	},
	"settings without Sentry": {
		scenario: gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{}}}},
		request:  patchSettings,
		want: errortracking.Error{Kind: errortracking.ErrNoSentry, Status: 200,
			Message: "Error tracking setting api url is a required field and Error tracking setting token is a required field"},
	},
	"Sentry that GitLab blocks": {
		scenario: gitlabsim.Scenario{Projects: []gitlabsim.Project{{ID: project, Path: "acme/web", Settings: &gitlabsim.Settings{
			APIURL: new("http://localhost/api/0/projects/o/p/"),
		}}}},
		request: func(ctx context.Context, c *errortracking.Client) error {
			_, err := c.PatchSettings(ctx, project, true, nil)
			return err
		},
		want: errortracking.Error{Kind: errortracking.ErrSentryBlocked, Status: 200,
			Message: "Error tracking setting api url is blocked: Requests to localhost are not allowed"},
	},
	"another rejection": {
		scenario: gitlabsim.Scenario{Faults: fault(200, `{"status":"error","message":"odd"}`)}, request: patchSettings,
		want: errortracking.Error{Kind: errortracking.ErrRejected, Status: 200, Message: "odd"},
	},
	"400": {
		scenario: gitlabsim.Scenario{Faults: fault(400, `{"error":"active is missing, active is empty"}`)}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrBadRequest, Status: 400, Message: "active is missing, active is empty"},
	},
	"415": {
		scenario: gitlabsim.Scenario{Faults: fault(415, `{"error":"The provided content-type 'x' is not supported."}`)}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrBadRequest, Status: 415, Message: "The provided content-type 'x' is not supported."},
	},
	"422": {
		scenario: gitlabsim.Scenario{Faults: fault(422, `{"message":{"active":["is odd"]}}`)}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrBadRequest, Status: 422, Message: `{"active":["is odd"]}`},
	},
	"page with status 200": {
		scenario: gitlabsim.Scenario{Faults: fault(200, "\n<html>sign in</html>")}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrNotJSON, Status: 200},
	},
	"page with status 404": {
		scenario: gitlabsim.Scenario{Faults: fault(404, "<!DOCTYPE html><title>404</title>")}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrNoAPI, Status: 404},
	},
	"relative root forgotten": {
		scenario: gitlabsim.Scenario{ExternalURL: "http://gitlab.example.com/gitlab"}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrNoAPI, Status: 404},
	},
	"JSON about HTTPS": {
		scenario: gitlabsim.Scenario{Faults: fault(400, `{"error":"neither HTTPS nor an SSL certificate"}`)}, request: putSettings,
		want: errortracking.Error{Kind: errortracking.ErrBadRequest, Status: 400, Message: "neither HTTPS nor an SSL certificate"},
	},
	"text with status 404": {
		scenario: gitlabsim.Scenario{Faults: fault(404, "default backend - 404")}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrNotJSON, Status: 404, Message: "default backend - 404"},
	},
	"text with status 403": {
		scenario: gitlabsim.Scenario{Faults: fault(403, "go away")}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrNotJSON, Status: 403, Message: "go away"},
	},
	"JSON that is cut off": {
		scenario: gitlabsim.Scenario{Faults: fault(200, `{"active":true,"integr`)}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrMalformed, Status: 200},
	},
	"rate limit": {
		scenario: gitlabsim.Scenario{Faults: fault(429, "Retry later\n")}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrRateLimited, Status: 429, Message: "Retry later"},
	},
	"broken instance setting": {
		scenario: gitlabsim.Scenario{DSNBaseURL: new("nowhere")}, request: createKey,
		want: errortracking.Error{Kind: errortracking.ErrClientKeysFailed, Status: 500, Sent: true},
	},
	"no gateway": {
		scenario: gitlabsim.Scenario{Faults: fault(502, "<html>nginx</html>")}, request: listKeys,
		want: errortracking.Error{Kind: errortracking.ErrServer, Status: 502},
	},
	"cut connection": {
		scenario: gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Drop: true}}}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrConnection},
	},
	"wrong total": {
		scenario: gitlabsim.Scenario{Faults: []gitlabsim.Fault{{Path: "/*", Headers: map[string]string{"X-Total": "3"}}}}, request: listKeys,
		want: errortracking.Error{Kind: errortracking.ErrIncompleteList, Status: 200},
	},
	"status without a meaning": {
		scenario: gitlabsim.Scenario{Faults: fault(418, `{"message":"short and stout"}`)}, request: readSettings,
		want: errortracking.Error{Kind: errortracking.ErrUnexpected, Status: 418, Message: "short and stout"},
	},
	"no content": {
		scenario: gitlabsim.Scenario{Faults: fault(204, "")}, request: deleteKey,
		want: errortracking.Error{Kind: errortracking.ErrUnexpected, Status: 204, Sent: true},
	},
	"accepted": {
		scenario: gitlabsim.Scenario{Faults: fault(202, `{"message":"202 Accepted"}`)}, request: createKey,
		want: errortracking.Error{Kind: errortracking.ErrUnexpected, Status: 202, Sent: true},
	},
}

func TestErrors(t *testing.T) {
	t.Parallel()

	for name, tt := range errorTests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startGitLab(t, tt.scenario)
			client := newClient(t, server.URL(), func(o *errortracking.Options) {
				if tt.token != "" {
					o.Token = tt.token
				}
			})
			failed := wantError(t, tt.request(t.Context(), client), tt.want.Kind)
			got := errortracking.Error{Kind: failed.Kind, Status: failed.Status, Message: failed.Message, Location: failed.Location, Sent: failed.Sent}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
			if "http://"+failed.Host != server.URL() {
				t.Errorf("the host is %q, want that of %s", failed.Host, server.URL())
			}
			asked := server.Requests()
			// What is read after a lost answer, or to tell what a missing endpoint means, is another request.
			asked = slices.DeleteFunc(asked, func(r gitlabsim.Request) bool {
				return r.Method != asked[0].Method || strings.HasSuffix(r.Path, "/version")
			})
			last := asked[len(asked)-1]
			if errors.Is(failed.Kind, errortracking.ErrIncompleteList) {
				// It is the error of many requests.
				failed.Attempts = len(asked)
			}
			if failed.Method != last.Method || failed.Path != last.Path || failed.Attempts != len(asked) {
				t.Errorf("got %s %s after %d attempts, want %s %s after %d", failed.Method, failed.Path, failed.Attempts, last.Method, last.Path, len(asked))
			}
			if text := failed.Error(); !strings.HasPrefix(text, failed.Kind.Error()+" ("+last.Method+" "+last.Path) || !strings.Contains(text, failed.Message) || strings.Count(text, last.Path) != 1 {
				t.Errorf("the text leaves something out or says it twice: %s", text)
			}
		})
	}
}

// TestErrorsHaveEveryKind shows that no meaning is left out of the table.
func TestErrorsHaveEveryKind(t *testing.T) {
	t.Parallel()

	for _, kind := range kinds {
		found := false
		for _, tt := range errorTests {
			found = found || errors.Is(tt.want.Kind, kind)
		}
		if !found {
			t.Errorf("no test for %q", kind)
		}
	}
}

// TestMalformedAnswers shows which answers are failures although their status says success.
func TestMalformedAnswers(t *testing.T) {
	t.Parallel()

	const key = `"active":true,"public_key":"glet_0","sentry_dsn":"https://glet_0@x/1"`
	bodies := []struct {
		name     string
		requests []request
		bodies   []string
	}{
		{"anything", []request{readSettings, putSettings, patchSettings, listKeys, createKey, deleteKey, findProject, checkToken}, []string{
			"", " ", "null", `"text"`, "12", "true", "{", "[{", `{"id":1`, `{"id":1}{"id":2}`, "OK", `{"id":"1","active":"true"}`, "\x00", "{}", "[[]]", "[null]",
		}},
		{"settings", []request{readSettings, putSettings, patchSettings}, []string{
			"[]", `{"active":true}`, `{"integrated":true}`, `{"active":null,"integrated":true}`, `{"active":1,"integrated":true}`,
			`{"active":true,"integrated":true,"api_url":5}`, `{"id":1}`,
		}},
		// After a deletion with an unclear answer, the empty list says that the key is gone.
		{"a new key", []request{createKey}, []string{"[]"}},
		{"a key", []request{createKey, deleteKey}, []string{
			"{" + key + "}", `{"id":0,` + key + "}", `{"id":-1,` + key + "}", `{"id":null,` + key + "}", `{"id":1.5,` + key + "}",
			`{"id":9223372036854775808,` + key + "}", `{"id":1,"active":true,"public_key":"glet_0"}`,
			`{"id":1,"active":true,"sentry_dsn":"https://x"}`, `{"id":1,"public_key":"glet_0","sentry_dsn":"https://x"}`,
			`{"id":1,"active":"yes","public_key":"glet_0","sentry_dsn":"https://x"}`,
		}},
		{"keys", []request{listKeys}, []string{
			"{" + key + "}", "[{" + key + "}]", `[{"id":0,` + key + "}]", `[{"id":1,` + key + `},{"id":-1,` + key + "}]", `[{"id":1,` + key + `},null]`,
		}},
		{"an ID", []request{findProject, checkToken}, []string{"[]", `{"id":0}`, `{"id":-1}`, `{"id":null}`, `{"id":1.5}`, `{"id":[1]}`}},
	}
	for _, tt := range bodies {
		for _, body := range tt.bodies {
			t.Run(tt.name+" "+body, func(t *testing.T) {
				t.Parallel()

				server := startServer(t, answering(http.StatusOK, body))
				client := newClient(t, server.URL)
				for _, request := range tt.requests {
					failed := wantError(t, request(t.Context(), client), errortracking.ErrMalformed)
					if failed.Err == nil || failed.Message != "" || failed.Status != http.StatusOK || failed.Attempts != 1 {
						t.Errorf("got %+v, want a cause alone, after one attempt", failed)
					}
					if text := failed.Error(); strings.Contains(text, "Go ") || strings.Contains(text, "struct") {
						t.Errorf("the error names Go types: %s", text)
					}
				}
			})
		}
	}
}

// The error of JSON of another shape says what it should be.
func TestMalformedAnswers_words(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		request request
		body    string
		want    string
	}{
		{readSettings, "[]", "unexpected JSON array"},
		{readSettings, `"text"`, "unexpected JSON string"},
		{readSettings, `{"active":1,"integrated":true}`, "unexpected JSON number in active"},
		{readSettings, `{"active":true,"integrated":true,"api_url":{}}`, "unexpected JSON object in api_url"},
		{listKeys, "true", "unexpected JSON bool"},
		{createKey, `{"id":1.5}`, "unexpected JSON number 1.5 in id"},
	} {
		server := startServer(t, answering(http.StatusOK, tt.body))
		failed := wantError(t, tt.request(t.Context(), newClient(t, server.URL)), errortracking.ErrMalformed)
		if failed.Cause() != tt.want {
			t.Errorf("%s: got %q, want %q", tt.body, failed.Cause(), tt.want)
		}
	}
}

// TestMessages shows how GitLab's texts come out.
func TestMessages(t *testing.T) {
	t.Parallel()

	long := strings.Repeat("é", 290)
	tests := map[string]struct{ body, want string }{
		"control characters":     {`{"message":"a\u0000b\r\nc\u001b[31md\u0085e"}`, "a b c [31md e"},
		"direction and lines":    {`{"message":"a\u202eb\u2028c"}`, "a b c"},
		"broken UTF-8":           {"{\"message\":\"a\xffb\"}", "a b"},
		"text, error, details":   {`{"message":"m","error":"e","error_description":"d"}`, "m; e; d"},
		"list":                   {`{"message":["a","b"]}`, `["a","b"]`},
		"number":                 {`{"message":5,"error":null}`, "5"},
		"none":                   {`{}`, ""},
		"the status alone":       {`{"message":"400 Bad Request"}`, ""},
		"its text alone":         {`{"error":"Bad request"}`, ""},
		"more than the status":   {`{"message":"400 Bad Request - (x)"}`, "400 Bad Request - (x)"},
		"long":                   {`{"message":"` + long + long + `"}`, long + strings.Repeat("é", 10) + "…"},
		"secrets":                {`{"message":"` + token + ` and ` + headerValue + `"}`, "(token) and (value of header X-Proxy-Secret)"},
		"secret where it is cut": {`{"message":"` + long + token + `"}`, long + "(token)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startServer(t, answering(http.StatusBadRequest, tt.body))
			failed := wantError(t, newClient(t, server.URL).CheckToken(t.Context()), errortracking.ErrBadRequest)
			if failed.Message != tt.want {
				t.Errorf("got %q, want %q", failed.Message, tt.want)
			}
		})
	}
}

// GitLab names the permission that a fine-grained token lacks. Where the token does not cover the project, GitLab has the
// same words as for the feature flag, which only PUT asks for.
func TestFineGrainedTokens(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request    request
		permission string
		uncovered  error
	}{
		"GET settings":    {readSettings, "Error Tracking Setting: Read", errortracking.ErrProjectNotFound},
		"PUT settings":    {putSettings, "Error Tracking Setting: Update", errortracking.ErrFeatureDisabled},
		"PATCH settings":  {patchSettings, "Error Tracking Setting: Update", errortracking.ErrProjectNotFound},
		"GET client keys": {listKeys, "Error Tracking Client Key: Read", errortracking.ErrProjectNotFound},
		"POST client key": {createKey, "Error Tracking Client Key: Create", errortracking.ErrProjectNotFound},
		"DELETE client key": {func(ctx context.Context, c *errortracking.Client) error { return c.DeleteClientKey(ctx, project, 1) },
			"Error Tracking Client Key: Delete", errortracking.ErrProjectNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for roles, want := range map[string]error{"maintainer": errortracking.ErrMissingPermission, "": test.uncovered} {
				fineGrained := gitlabsim.Token{Token: token, Permissions: []string{"read_project"}, Roles: map[string]string{}}
				if roles != "" {
					fineGrained.Roles["1"] = roles
				}
				server := startGitLab(t, gitlabsim.Scenario{Tokens: []gitlabsim.Token{fineGrained}})
				failed := wantError(t, test.request(t.Context(), newClient(t, server.URL())), want)
				message := ""
				if roles != "" {
					message = "insufficient_granular_scope; Access denied: This operation requires a fine-grained personal access token with the following project permissions: [" + test.permission + "]."
				}
				if failed.Message != message || failed.Sent {
					t.Errorf("got %+v, want the message %q", failed, message)
				}
			}
		})
	}
}

// A missing endpoint means the end of error tracking on a GitLab that is recent enough to have had it.
func TestClient_featureRemoved(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scenario gitlabsim.Scenario
		want     error
	}{
		"recent":                   {gitlabsim.Scenario{Version: "20.1.0"}, errortracking.ErrFeatureRemoved},
		"the oldest with all":      {gitlabsim.Scenario{Version: "15.10.0-ee"}, errortracking.ErrFeatureRemoved},
		"too old":                  {gitlabsim.Scenario{Version: "15.9.3"}, errortracking.ErrNoSuchEndpoint},
		"much too old":             {gitlabsim.Scenario{Version: "14.11.0"}, errortracking.ErrNoSuchEndpoint},
		"no version":               {gitlabsim.Scenario{Faults: versionSays(200, `{"version":"twenty"}`)}, errortracking.ErrNoSuchEndpoint},
		"no GitLab":                {gitlabsim.Scenario{Faults: versionSays(404, `{"error":"404 Not Found"}`)}, errortracking.ErrNoSuchEndpoint},
		"another token is refused": {gitlabsim.Scenario{Faults: versionSays(403, `{"message":"403 Forbidden"}`)}, errortracking.ErrNoSuchEndpoint},
		"a fine-grained token": {gitlabsim.Scenario{Tokens: []gitlabsim.Token{
			{Token: token, Roles: map[string]string{"*": "maintainer"}, Permissions: []string{"read_project"}},
		}}, errortracking.ErrFeatureRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.scenario.ErrorTracking = new(false)
			server := startGitLab(t, tt.scenario)
			client := newClient(t, server.URL())
			for range 2 {
				if _, err := client.Settings(t.Context(), project); !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
			}
			server.SetErrorTracking(true)
			if _, err := client.ClientKeys(t.Context(), project); errors.Is(err, tt.want) {
				t.Errorf("got %v after error tracking came back", err)
			}
		})
	}
}

func versionSays(status int, body string) []gitlabsim.Fault {
	return []gitlabsim.Fault{{Method: "GET", Path: "/version", Status: status, Body: body}}
}
