package errortracking_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
)

// TestRequests shows each call as it goes over the wire.
func TestRequests(t *testing.T) {
	t.Parallel()

	const (
		settings = `{"active":true,"project_name":null,"sentry_external_url":null,"api_url":null,"integrated":true}`
		key      = `{"id":7,"active":true,"public_key":"glet_0","sentry_dsn":"https://glet_0@observe.gitlab.com:443/errortracking/api/v1/projects/42"}`
	)
	tests := map[string]struct {
		call   func(context.Context, *errortracking.Client) error
		answer string
		status int
		want   wireRequest
	}{
		"read settings": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.Settings(ctx, 42)
				return err
			}, settings, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/projects/42/error_tracking/settings"},
		},
		"create settings": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PutSettings(ctx, 42, true, false)
				return err
			}, settings, http.StatusOK,
			wireRequest{method: "PUT", uri: "/api/v4/projects/42/error_tracking/settings", body: `{"active":true,"integrated":false}`},
		},
		"update settings": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PatchSettings(ctx, 42, false, new(true))
				return err
			}, settings, http.StatusOK,
			wireRequest{method: "PATCH", uri: "/api/v4/projects/42/error_tracking/settings", body: `{"active":false,"integrated":true}`},
		},
		"update settings, backend as it is": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PatchSettings(ctx, 42, false, nil)
				return err
			}, settings, http.StatusOK,
			wireRequest{method: "PATCH", uri: "/api/v4/projects/42/error_tracking/settings", body: `{"active":false}`},
		},
		"list keys": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.SharedClientKeys(ctx, 42)
				return err
			}, "[" + key + "]", http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/projects/42/error_tracking/client_keys?page=1&per_page=100"},
		},
		"create key": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.PostClientKey(ctx, 42)
				return err
			}, key, http.StatusCreated,
			wireRequest{method: "POST", uri: "/api/v4/projects/42/error_tracking/client_keys"},
		},
		"delete key": {
			func(ctx context.Context, c *errortracking.Client) error { return c.DeleteClientKey(ctx, 42, 7) },
			key, http.StatusOK,
			wireRequest{method: "DELETE", uri: "/api/v4/projects/42/error_tracking/client_keys/7"},
		},
		"resolve project": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.ResolveProject(ctx, "acme/sub.group/web")
				return err
			}, `{"id":42,"path_with_namespace":"acme/sub.group/web"}`, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/projects/acme%2Fsub.group%2Fweb"},
		},
		"group projects": {
			func(ctx context.Context, c *errortracking.Client) error {
				_, err := c.GroupProjects(ctx, "acme/sub.group", true)
				return err
			}, `[{"id":42,"path_with_namespace":"acme/sub.group/web"}]`, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/groups/acme%2Fsub.group/projects?include_subgroups=true&order_by=id&page=1&per_page=100&simple=true&sort=asc&with_shared=false"},
		},
		"check token": {
			func(ctx context.Context, c *errortracking.Client) error { return c.CheckToken(ctx) },
			`{"id":5}`, http.StatusOK,
			wireRequest{method: "GET", uri: "/api/v4/user"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			server := startServer(t, answering(tt.status, tt.answer))
			if err := tt.call(t.Context(), newClient(t, server.URL)); err != nil {
				t.Fatal(err)
			}
			seen := server.seen()
			if len(seen) != 1 || seen[0].method != tt.want.method || seen[0].uri != tt.want.uri || seen[0].body != tt.want.body {
				t.Fatalf("got %+v, want one request %+v", seen, tt.want)
			}
			if kind := seen[0].header.Get("Content-Type"); tt.want.body != "" && kind != "application/json" {
				t.Errorf("the body has the type %q", kind)
			}
		})
	}
}
