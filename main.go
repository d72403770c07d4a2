// The provider's program, which Terraform starts. To attach a debugger, start it with -debug and give Terraform the
// TF_REATTACH_PROVIDERS that it prints.
package main

import (
	"flag"
	"log"

	"github.com/errortracking/terraform-provider-gitlab/internal/provider"
)

// version is set by the build.
var version = "dev"

func main() {
	debug := flag.Bool("debug", false, "serve a debugger's Terraform rather than the one that starts this program")
	flag.Parse()
	if err := provider.Serve(version, *debug); err != nil {
		log.Fatal(err)
	}
}
