package provider

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// shortWait is how long the rate limit may make a run wait without a warning.
const shortWait = 10 * time.Second

// warnOfRateLimit warns once when requests have waited long for GitLab's rate limit. Each operation calls it when it ends.
func (d *providerData) warnOfRateLimit(diags *diag.Diagnostics) {
	if d.client == nil || d.client.RateLimitWait() <= shortWait {
		return
	}
	d.rateLimited.Do(func() {
		diags.AddWarning(waitedForRateLimit, "Requests to GitLab at "+d.client.Host()+" wait because its rate limit is reached.\n\n"+
			"To reduce waiting, set project to IDs instead of paths, use the token of a separate user for each pipeline, or ask a GitLab administrator to raise the limit.")
	})
}
