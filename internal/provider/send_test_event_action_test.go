package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

const sendTestEventAddress = "action.gitlab_error_tracking_send_test_event.test"

// sendTestEventConfig is the action with the given arguments.
func sendTestEventConfig(arguments string) string {
	return "action \"gitlab_error_tracking_send_test_event\" \"test\" {\n  config {\n    " + arguments + "\n  }\n}\n"
}

// triggeredConfig makes a key and sends a test event to it.
const triggeredConfig = `
resource "gitlab_error_tracking_client_key" "test" {
  project = "acme/web"

  lifecycle {
    action_trigger {
      events  = [after_create]
      actions = [action.gitlab_error_tracking_send_test_event.test]
    }
  }
}
`

func TestSendTestEventAction_triggered(t *testing.T) {
	t.Parallel()
	for reference, since := range map[string]string{"gitlab_error_tracking_client_key.test": "1.14", "caller": "1.16"} {
		t.Run(reference, func(t *testing.T) {
			t.Parallel()
			needsActions(t, since)
			gitlab := startTestbed(t, twoProjects())
			gitlab.SetDSNBaseURL(gitlab.URL())
			terraform := newCommandLine(t, gitlab, triggeredConfig+
				sendTestEventConfig("dsn = "+reference+".sentry_dsn\n    message = \"hello\"\n    environment = \"staging\""))
			output := terraform.succeeds(t, "apply", "-auto-approve")
			terraform.changesNothing(t)
			keys, events := gitlab.Keys(1), gitlab.Events()
			if len(keys) != 1 || len(events) != 1 || events[0].PublicKey != keys[0].PublicKey || events[0].Message != "hello" || !strings.Contains(events[0].Envelope, `"environment":"staging"`) {
				t.Fatalf("GitLab has the keys %+v and the events %+v\n%s", keys, events, output)
			}
			collector := strings.TrimPrefix(gitlab.URL(), "http://")
			if !hasInOrder(output, "Sending a test event for project 1 to "+collector, collector+" accepted event "+events[0].EventID+": 200 OK") {
				t.Errorf("the progress is not reported:\n%s", output)
			}
			secrets{keys[0].PublicKey}.notIn(t, "the output", output)
		})
	}
}

// A key whose DSN does not work stays in the state.
func TestSendTestEventAction_triggeredFails(t *testing.T) {
	t.Parallel()
	needsActions(t, "1.14")
	gitlab := startTestbed(t, twoProjects())
	gitlab.SetDSNBaseURL("http://localhost:8080")
	terraform := newCommandLine(t, gitlab, triggeredConfig+sendTestEventConfig("dsn = gitlab_error_tracking_client_key.test.sentry_dsn"))
	terraform.fails(t, []string{"Unable to send test event", "Project 1: The collector at localhost:8080", "error_tracking_api_url is not set"}, "apply", "-auto-approve")
	if inState := terraform.keysInState(t); len(inState) != 1 || len(gitlab.Keys(1)) != 1 {
		t.Errorf("the state has the keys %v, GitLab %v", inState, gitlab.Keys(1))
	}
	terraform.changesNothing(t)
}

func TestSendTestEventAction_continues(t *testing.T) {
	t.Parallel()
	needsActions(t, "1.16")
	gitlab := startTestbed(t, twoProjects())
	gitlab.SetDSNBaseURL("http://localhost:8080")
	config := strings.Replace(triggeredConfig, "actions =", "on_failure = continue\n      actions =", 1)
	terraform := newCommandLine(t, gitlab, config+sendTestEventConfig("dsn = caller.sentry_dsn"))
	if output := terraform.succeeds(t, "apply", "-auto-approve"); !hasInOrder(output, "Unable to send test event", "error_tracking_api_url is not set") {
		t.Errorf("the output does not say why the event failed:\n%s", output)
	}
}

func TestSendTestEventAction_invoked(t *testing.T) {
	t.Parallel()
	needsActions(t, "1.14")
	gitlab := startTestbed(t, keyScenario())
	gitlab.SetDSNBaseURL(gitlab.URL())
	terraform := newCommandLine(t, gitlab, "data \"gitlab_error_tracking_client_key\" \"test\" {\n  project = \"acme/web\"\n}\n"+
		sendTestEventConfig("dsn = data.gitlab_error_tracking_client_key.test.sentry_dsn"))
	terraform.succeeds(t, "apply", "-auto-approve")
	output := terraform.succeeds(t, "apply", "-auto-approve", "-invoke="+sendTestEventAddress)
	events := gitlab.Events()
	if len(events) != 1 || events[0].PublicKey != publicKey(7) || events[0].Message != "Test event sent by Terraform" {
		t.Fatalf("GitLab has the events %+v\n%s", events, output)
	}
	if !strings.Contains(output, events[0].EventID) {
		t.Errorf("the output does not have the event's ID:\n%s", output)
	}
	secrets{publicKey(7)}.notIn(t, "the output", output)
}

// An ephemeral DSN is in no plan. Terraform 1.16 takes the arguments of an action that is invoked by hand from the plan alone.
func TestSendTestEventAction_ephemeral(t *testing.T) {
	t.Parallel()
	needsActions(t, "1.14")
	gitlab := startTestbed(t, keyScenario())
	gitlab.SetDSNBaseURL(gitlab.URL())
	terraform := newCommandLine(t, gitlab, "ephemeral \"gitlab_error_tracking_client_key\" \"test\" {\n  project = \"acme/web\"\n}\n"+
		triggeredConfig+sendTestEventConfig("dsn = ephemeral.gitlab_error_tracking_client_key.test.sentry_dsn"))
	output := terraform.succeeds(t, "plan", "-out=saved.tfplan") + terraform.succeeds(t, "apply", "saved.tfplan")
	events := gitlab.Events()
	if len(events) != 1 || events[0].PublicKey != publicKey(7) {
		t.Fatalf("GitLab has the events %+v\n%s", events, output)
	}
	key := secrets{publicKey(7)}
	key.notIn(t, "the output", output)
	key.notInFolder(t, terraform.folder)
	terraform.fails(t, []string{"Invalid DSN", "not with -invoke"}, "apply", "-auto-approve", "-invoke="+sendTestEventAddress)
}

func TestSendTestEventAction_fails(t *testing.T) {
	t.Parallel()
	needsActions(t, "1.14")
	key := publicKey(99)
	gitlab := startTestbed(t, keyScenario())
	gitlab.SetDSNBaseURL(gitlab.URL())
	for name, test := range map[string]struct {
		dsn  string
		want []string
	}{
		"unknown key":   {gitlab.DSN(1, key), []string{"Unable to send test event", "Project 1: The collector at", "returned 404 Not Found", "does not know the key"}},
		"localhost":     {"http://" + key + "@localhost:8080/errortracking/api/v1/projects/1", []string{"Unable to send test event", "Project 1: The collector at localhost:8080", "error_tracking_api_url is not set", "administrator"}},
		"unreachable":   {"https://" + key + "@collector.invalid/errortracking/api/v1/projects/1", []string{"Unable to send test event", "Project 1: The collector at collector.invalid", "did not respond", "cannot be reached"}},
		"not collector": {strings.Replace(gitlab.URL(), "://", "://"+key+"@", 1) + "/api/v4/error_tracking/collector/1", []string{"returned 404 Not Found", "something other than an error tracking collector"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, gitlab, "variable \"dsn\" {\n  sensitive = true\n}\n"+sendTestEventConfig("dsn = var.dsn"))
			terraform.env = append(terraform.env, "TF_VAR_dsn="+test.dsn)
			output, err := terraform.run(t, "apply", "-auto-approve", "-invoke="+sendTestEventAddress)
			if err == nil || !hasInOrder(output, test.want...) {
				t.Fatalf("%v, want an error that says %q\n%s", err, test.want, output)
			}
			secrets{key}.notIn(t, "the output", output)
		})
	}
}

// Bad arguments are refused before anything is sent, and no DSN is shown.
func TestSendTestEventAction_badArguments(t *testing.T) {
	t.Parallel()
	needsActions(t, "1.14")
	gitlab := startTestbed(t, keyScenario())
	for arguments, want := range map[string]*regexp.Regexp{
		`dsn = "https://` + publicKey(7) + `@o1.ingest.sentry.io/42"`:               expectError("Invalid DSN", "Not a DSN of GitLab"),
		"dsn = " + fmt.Sprintf("%q", dsnOf("k", 1)) + "\n    message = \"\"":        expectError("message", "at least 1"),
		"dsn = " + fmt.Sprintf("%q", dsnOf("k", 1)) + "\n    environment = \"a b\"": expectError("environment", "no spaces or slashes"),
		`message = "x"`: expectError("Missing required argument"),
	} {
		t.Run(arguments, func(t *testing.T) {
			t.Parallel()
			terraform := newCommandLine(t, gitlab, sendTestEventConfig(arguments))
			output, err := terraform.run(t, "validate")
			if err == nil || !want.MatchString(output) {
				t.Fatalf("%v, want %v\n%s", err, want, output)
			}
			secrets{publicKey(7)}.notIn(t, "the output", output)
		})
	}
}
