package provider

import (
	"context"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logSubsystem is the name under which requests to GitLab stand in Terraform's log.
const logSubsystem = "errortracking"

// logAttempt writes an attempt at a request to Terraform's log, at the level DEBUG.
func logAttempt(ctx context.Context, a errortracking.Attempt) {
	fields := map[string]any{
		"method":      a.Method,
		"path":        a.Path,
		"attempt":     a.Number,
		"status":      a.Status,
		"duration_ms": a.Duration.Milliseconds(),
	}
	if a.RequestID != "" {
		fields["request_id"] = a.RequestID
	}
	if a.Failure != "" {
		fields["failure"] = a.Failure
	}
	ctx = tflog.NewSubsystem(ctx, logSubsystem)
	tflog.SubsystemDebug(ctx, logSubsystem, "Request to GitLab", fields)
}
