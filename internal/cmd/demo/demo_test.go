package main

import (
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	t.Parallel()

	const output = `
Terraform will perform the following actions:

  # gitlab_error_tracking_client_key.web will be created

Plan: 1 to add, 0 to change, 0 to destroy.
╷
│ Warning: Client key will be replaced
│
│ Applications need the DSN of the new key.
╵

Apply complete! Resources: 1 added, 0 changed, 0 destroyed.
`
	var got []string
	for _, match := range summary.FindAllStringSubmatch(output, -1) {
		got = append(got, match[1])
	}
	want := []string{
		"Plan: 1 to add, 0 to change, 0 to destroy.", "Warning: Client key will be replaced",
		"Apply complete! Resources: 1 added, 0 changed, 0 destroyed.",
	}
	if err := expect(got, want); err != nil {
		t.Errorf("got:\n%s\n%v", strings.Join(got, "\n"), err)
	}
}
