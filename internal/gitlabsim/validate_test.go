package gitlabsim_test

import (
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestReadScenarioRefuses reads files with one mistake each. The error names the field and the value.
func TestReadScenarioRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, json, field, value string }{
		{"not JSON", `{`, "", "EOF"},
		{"text behind", `{} {}`, "", "more text"},
		{"unknown field", `{"colour":1}`, `"colour"`, ""},
		{"unknown field of a project", `{"projects":[{"id":1,"path":"a/b","colour":1}]}`, `"colour"`, ""},
		{"unknown field of a key", `{"projects":[{"id":1,"path":"a/b","client_keys":[{"colour":1}]}]}`, `"colour"`, "client_keys"},
		{"unknown field of settings", `{"projects":[{"id":1,"path":"a/b","settings":{"colour":1}}]}`, `"colour"`, ""},
		{"unknown field of a token", `{"tokens":[{"token":"t","colour":1}]}`, `"colour"`, ""},
		{"unknown field of a fault", `{"faults":[{"path":"/","colour":1}]}`, `"colour"`, ""},
		{"external URL", `{"external_url":"gitlab.example.com"}`, "external_url", "gitlab.example.com"},
		{"version", `{"version":"new"}`, "version", `"new"`},
		{"type of a field", `{"projects":[{"id":"1"}]}`, "projects.id", "got string, want a whole number"},
		{"project ID", `{"projects":[{"id":-3,"path":"a/b"}]}`, "projects[0].id", "-3"},
		{"no project ID", `{"projects":[{"path":"a/b"}]}`, "projects[0].id", "0"},
		{"project ID twice", `{"projects":[{"id":3,"path":"a/b"},{"id":3,"path":"a/c"}]}`, "projects[1].id", "3"},
		{"path without a slash", `{"projects":[{"id":1,"path":"web"}]}`, "projects[0].path", `"web"`},
		{"path twice", `{"projects":[{"id":1,"path":"a/b"},{"id":2,"path":"A/B"}]}`, "projects[1].path", `"A/B"`},
		{"old path of another", `{"projects":[{"id":1,"path":"a/b"},{"id":2,"path":"a/c","old_paths":["a/b"]}]}`, "projects[1].old_paths[0]", `"a/b"`},
		{"visibility", `{"projects":[{"id":1,"path":"a/b","visibility":"secret"}]}`, "projects[0].visibility", `"secret"`},
		{"number of keys", `{"projects":[{"id":1,"path":"a/b","client_keys":-1}]}`, "client_keys", "-1"},
		{"form of keys", `{"projects":[{"id":1,"path":"a/b","client_keys":"many"}]}`, "client_keys", `"many"`},
		{"a key that is active and inactive", `{"projects":[{"id":1,"path":"a/b","client_keys":[{"active":true,"inactive":true}]}]}`, "[0].active", "true"},
		{"key ID", `{"projects":[{"id":1,"path":"a/b","client_keys":[{"id":-1}]}]}`, "projects[0].client_keys[0].id", "-1"},
		{"key ID twice", `{"projects":[{"id":1,"path":"a/b","client_keys":[{"id":4}]},{"id":2,"path":"a/c","client_keys":[{"id":4}]}]}`, "projects[1].client_keys[0].id", "4"},
		{"public key", `{"projects":[{"id":1,"path":"a/b","client_keys":[{"public_key":"a b"}]}]}`, "projects[0].client_keys[0].public_key", `"a b"`},
		{"public key twice", `{"projects":[{"id":1,"path":"a/b","client_keys":[{"public_key":"a"},{"public_key":"a"}]}]}`, "projects[0].client_keys[1].public_key", `"a"`},
		{"no token", `{"tokens":[{}]}`, "tokens[0].token", `""`},
		{"token twice", `{"tokens":[{"token":"t"},{"token":"t"}]}`, "tokens[1].token", `"t"`},
		{"scope", `{"tokens":[{"token":"t","scopes":["sudo_api"]}]}`, "tokens[0].scopes[0]", `"sudo_api"`},
		{"permission", `{"tokens":[{"token":"t","permissions":["all"]}]}`, "tokens[0].permissions[0]", `"all"`},
		{"permissions and scopes", `{"tokens":[{"token":"t","permissions":[],"scopes":["api"]}]}`, "tokens[0].scopes", `"api"`},
		{"state", `{"tokens":[{"token":"t","state":"lost"}]}`, "tokens[0].state", `"lost"`},
		{"role", `{"tokens":[{"token":"t","roles":{"*":"boss"}}]}`, "tokens[0].roles[*]", `"boss"`},
		{"role in an unknown project", `{"tokens":[{"token":"t","roles":{"9":"owner"}}]}`, "tokens[0].roles", `"9"`},
		{"rate limit without a time", `{"rate_limit":{"requests":5}}`, "rate_limit: per", `""`},
		{"rate limit of no time", `{"rate_limit":{"requests":5,"per":"0s"}}`, "rate_limit.per", `"0s"`},
		{"rate limit of no requests", `{"rate_limit":{"requests":0,"per":"1s"}}`, "rate_limit.requests", "0"},
		{"unknown field of a rate limit", `{"rate_limit":{"colour":1}}`, `"colour"`, "rate_limit"},
		{"fault without a path", `{"faults":[{"status":500}]}`, "faults[0].path", `""`},
		{"fault with a whole path", `{"faults":[{"path":"/api/v4/user","status":500}]}`, "faults[0].path", `"/api/v4/user"`},
		{"fault status", `{"faults":[{"path":"/","status":99}]}`, "faults[0].status", "99"},
		{"fault times", `{"faults":[{"path":"/","status":500,"times":-1}]}`, "faults[0].times", "-1"},
		{"fault that drops an answer", `{"faults":[{"path":"/","status":500,"drop":true}]}`, "faults[0].drop", "true"},
		{"fault that hangs with an answer", `{"faults":[{"path":"/","headers":{"A":"b"},"hang":true}]}`, "faults[0].hang", "true"},
		{"fault that drops and hangs", `{"faults":[{"path":"/","drop":true,"hang":true}]}`, "faults[0].hang", "true"},
		{"fault with a body alone", `{"faults":[{"path":"/","body":"x"}]}`, "faults[0].body", `"x"`},
		{"fault with a body that cannot be", `{"faults":[{"path":"/","body":"x","status":204}]}`, "faults[0].body", `"x"`},
		{"fault with a content type alone", `{"faults":[{"path":"/","content_type":"text/html","status":500}]}`, "faults[0].content_type", `"text/html"`},
		{"fault that is nothing after", `{"faults":[{"path":"/","headers":{"A":"b"},"after":true}]}`, "faults[0].after", "true"},
		{"fault that is nothing", `{"faults":[{"path":"/"}]}`, "faults[0].status", "0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := gitlabsim.ReadScenario(strings.NewReader(test.json))
			if err == nil || !strings.Contains(err.Error(), test.field) || !strings.Contains(err.Error(), test.value) {
				t.Errorf("got error %v, want one with %s and %s", err, test.field, test.value)
			}
		})
	}
}
