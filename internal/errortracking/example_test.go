package errortracking_test

import (
	"context"
	"fmt"
	"log"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func Example() {
	server, err := gitlabsim.Start(gitlabsim.Scenario{
		Tokens:   []gitlabsim.Token{{Token: "maintainer-token", Roles: map[string]string{"42": "maintainer"}}},
		Projects: []gitlabsim.Project{{ID: 42, Path: "acme/web"}},
	}, gitlabsim.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	client, err := errortracking.New(errortracking.Options{Token: "maintainer-token", BaseURL: server.URL()})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	project, err := client.ResolveProject(ctx, "acme/web")
	if err != nil {
		log.Fatal(err)
	}
	settings, err := client.SaveSettings(ctx, project.ID, errortracking.WantedSettings{Active: true})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("project", project.ID, "active:", settings.Active, "integrated:", settings.Integrated)

	key, err := client.AddClientKey(ctx, project.ID)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(key.DSN)

	_, err = client.Settings(ctx, 43)
	fmt.Println(err)
	// Output:
	// project 42 active: true integrated: true
	// https://glet_d4735e3a265e16eee03f59718b9b5d03@observe.gitlab.com:443/errortracking/api/v1/projects/42
	// project not found (GET /api/v4/projects/43/error_tracking/settings: 404 Not Found): 404 Project Not Found
}
