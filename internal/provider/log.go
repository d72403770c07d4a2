package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logSubsystem is the name under which requests to GitLab stand in Terraform's log.
const logSubsystem = "errortracking"

// logAttempt writes an attempt at a request to Terraform's log, at the level DEBUG.
func logAttempt(ctx context.Context, fields map[string]any) {
	tflog.SubsystemDebug(tflog.NewSubsystem(ctx, logSubsystem), logSubsystem, "Request to GitLab", fields)
}
