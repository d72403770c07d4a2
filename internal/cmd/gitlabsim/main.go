// Gitlabsim runs the simulated GitLab of package gitlabsim alone:
//
//	gitlabsim [-addr 127.0.0.1:0] [-scenario FILE.json] [-latency 50ms] [-log requests.jsonl]
//
// Its first line on stdout is "listening on http://127.0.0.1:PORT". Without a scenario file it starts with one project and
// one token, and prints how to use them. It ends with exit code 0 on SIGTERM or SIGINT, with 1 when it cannot start and
// with 2 when its arguments are wrong.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func main() {
	var options gitlabsim.Options
	flag.StringVar(&options.Addr, "addr", "127.0.0.1:0", "TCP `address` to listen on")
	scenario := flag.String("scenario", "", "JSON `file` with what exists and what goes wrong (default: one project and one token)")
	flag.DurationVar(&options.Latency, "latency", 0, "`delay` before each request")
	log := flag.String("log", "", "`file` that gets a line of JSON for each request")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "gitlabsim: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, options, *scenario, *log, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gitlabsim:", err)
		os.Exit(1)
	}
}

// serve serves until ctx ends.
func serve(ctx context.Context, options gitlabsim.Options, scenarioFile, logFile string, stdout io.Writer) error {
	scenario := demoScenario
	if scenarioFile != "" {
		text, err := os.ReadFile(scenarioFile)
		if err != nil {
			return err
		}
		if scenario, err = gitlabsim.ReadScenario(bytes.NewReader(text)); err != nil {
			return fmt.Errorf("%s: %w", scenarioFile, err)
		}
	}
	if logFile != "" {
		file, err := os.Create(logFile)
		if err != nil {
			return err
		}
		defer file.Close()
		options.Log = file
	}
	server, err := gitlabsim.Start(scenario, options)
	if err != nil {
		return err
	}
	defer server.Close()
	greeting := fmt.Sprintln("listening on", server.URL())
	if scenarioFile == "" {
		server.SetDSNBaseURL(server.URL()) // so that events arrive
		greeting += fmt.Sprintf(demoUsage, server.URL())
	}
	fmt.Fprint(stdout, greeting)
	<-ctx.Done()
	return nil
}

// demoScenario is what exists when no scenario file is given. The token has its role in projects added later too.
var demoScenario = gitlabsim.Scenario{
	Tokens:   []gitlabsim.Token{{Token: "glpat-demo", Roles: map[string]string{"*": "maintainer"}}},
	Projects: []gitlabsim.Project{{ID: 1, Path: "acme/web"}},
}

// demoUsage says how to use the demo scenario of the server at a URL.
const demoUsage = `
Project acme/web has the ID 1. The token glpat-demo has the Maintainer role in it. To use them, run:

  export GITLAB_BASE_URL=%[1]s
  export GITLAB_TOKEN=glpat-demo

Control requests change what GitLab holds. This one renames the project:

  curl -X PATCH -d '{"path":"acme/site"}' %[1]s/-/projects/1
`
