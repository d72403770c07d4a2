// Gitlabsim runs the simulated GitLab of package gitlabsim alone:
//
//	gitlabsim [-addr 127.0.0.1:0] [-scenario FILE.json] [-latency 50ms] [-log requests.jsonl]
//
// Its first line on stdout is "listening on http://127.0.0.1:PORT". Without a scenario file it starts with one project and
// one token, and prints how to use them. It ends with exit code 0 on SIGTERM or SIGINT, with 1 when it cannot start and
// with 2 when its arguments are wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// config is what the arguments say.
type config struct {
	addr     string
	scenario string
	latency  time.Duration
	log      string
}

// command runs the program until ctx ends and returns its exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c config
	flags := flag.NewFlagSet("gitlabsim", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&c.addr, "addr", "127.0.0.1:0", "the TCP `address` to listen on")
	flags.StringVar(&c.scenario, "scenario", "", "the JSON `file` that says what exists and what goes wrong (default: one project and one token)")
	flags.DurationVar(&c.latency, "latency", 0, "the `time` to wait before each request is worked on")
	flags.StringVar(&c.log, "log", "", "the `file` that gets a line of JSON for each request")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		_, _ = fmt.Fprintf(stderr, "gitlabsim: unexpected argument %q\n", flags.Arg(0))
		flags.Usage()
		return 2
	}
	if err := serve(ctx, c, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "gitlabsim:", err)
		return 1
	}
	return 0
}

// serve serves until ctx ends.
func serve(ctx context.Context, c config, stdout io.Writer) (err error) {
	scenario := demoScenario()
	if c.scenario != "" {
		if scenario, err = readScenario(c.scenario); err != nil {
			return err
		}
	}
	options := gitlabsim.Options{Addr: c.addr, Latency: c.latency}
	if c.log != "" {
		file, openErr := os.Create(c.log)
		if openErr != nil {
			return openErr
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		options.Log = file
	}
	server, err := gitlabsim.Start(scenario, options)
	if err != nil {
		return err
	}
	defer server.Close()
	if c.scenario == "" {
		// DSNs point here, so that events arrive.
		server.SetDSNBaseURL(server.URL())
	}
	if _, err := fmt.Fprintln(stdout, "listening on", server.URL()); err != nil {
		return err
	}
	if c.scenario == "" {
		if err := printUsage(stdout, server.URL()); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return nil
}

// readScenario reads a scenario file.
func readScenario(name string) (gitlabsim.Scenario, error) {
	file, err := os.Open(name)
	if err != nil {
		return gitlabsim.Scenario{}, err
	}
	scenario, err := gitlabsim.ReadScenario(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return gitlabsim.Scenario{}, fmt.Errorf("%s: %w", name, err)
	}
	return scenario, nil
}
