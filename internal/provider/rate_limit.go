package provider

import (
	"fmt"
	"sync"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// shortWait is how long the rate limit may make a run wait without a warning.
const shortWait = 10 * time.Second

// rateLimitNotice warns of long waits for GitLab's rate limit. No provider hears that a run ends, so it warns when no
// operation is left under way.
type rateLimitNotice struct {
	client *errortracking.Client

	mu      sync.Mutex
	running int           // operations under way
	told    time.Duration // what the last warning said
}

// begin counts an operation with the given diagnostics until the returned function is called.
func (n *rateLimitNotice) begin(diags *diag.Diagnostics) (end func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running++
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.running--
		if n.client == nil || n.running > 0 {
			return
		}
		if waited := n.client.RateLimitWait(); waited > n.told+shortWait {
			n.told = waited
			diags.AddWarning(waitedForRateLimit, fmt.Sprintf("Requests to GitLab at %s waited %s in all, because its rate limit was reached.\n\n"+
				"To wait less, set project to IDs instead of paths, use the token of a separate user for each pipeline, or ask a GitLab administrator to raise the limit.",
				n.client.Host(), waited.Round(time.Second)))
		}
	}
}
