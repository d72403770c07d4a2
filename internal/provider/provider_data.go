package provider

import (
	"context"
	"sync"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
)

const detailNotConfigured = "An argument of the provider block is known only after apply, so the provider cannot connect to GitLab yet."

// providerData is what all objects of one provider block share. An object has it once Terraform has configured the object.
type providerData struct {
	client     *errortracking.Client // nil while the provider block is not fully known
	noToken    string                // what to do where that is why there is no client
	visibility visibility
	conflicts  conflicts
	managed    sync.Map // the IDs of the projects whose settings this run has read in a refresh, or reset
	// The warnings that are given once.
	localhost, rateLimited sync.Once
}

func newProviderData(client *errortracking.Client, noToken string) *providerData {
	return &providerData{client: client, noToken: noToken, conflicts: conflicts{keys: map[int64]int{}, settings: map[int64]*settingsInPlan{}}}
}

// resourceBase makes an object a resource with the provider's data.
type resourceBase struct{ *providerData }

func (b *resourceBase) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	b.providerData = dataFrom(req.ProviderData, &resp.Diagnostics)
}

// dataSourceBase makes an object a data source with the provider's data.
type dataSourceBase struct{ *providerData }

func (b *dataSourceBase) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	b.providerData = dataFrom(req.ProviderData, &resp.Diagnostics)
}

// dataFrom returns the data that the provider's Configure has left for an object. It left none if the provider block is not
// fully known, and data without a client if there is no token.
func dataFrom(left any, diags *diag.Diagnostics) *providerData {
	data, ok := left.(*providerData)
	if !ok {
		return newProviderData(nil, "")
	}
	if data.client == nil {
		diags.AddError(missingToken, data.noToken)
	}
	return data
}

// configured reports whether there is a client, with an error when there is none.
func (d *providerData) configured(diags *diag.Diagnostics) bool {
	if d.client == nil {
		diags.AddError(providerNotConfigured, detailNotConfigured+" Apply the resource that it depends on first, for example with -target.")
	}
	return d.client != nil
}

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

// readData reads a configuration into a model, lets fill add what GitLab says, and writes the model, which engines drop where
// there is an error.
func readData[M any](ctx context.Context, d *providerData, config tfsdk.Config, result interface {
	Set(ctx context.Context, model any) diag.Diagnostics
}, diags *diag.Diagnostics, fill func(context.Context, *M, *diag.Diagnostics)) {
	defer d.warnOfRateLimit(diags)
	var model M
	diags.Append(config.Get(ctx, &model)...)
	if !diags.HasError() && d.configured(diags) {
		fill(ctx, &model, diags)
		diags.Append(result.Set(ctx, &model)...)
	}
}
