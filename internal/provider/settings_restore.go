package provider

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// originalKey is the key of the private state that holds the settings before Terraform changed them, for on_destroy.
const originalKey = "original"

// originalSettings is the value of originalKey: what restore sets back.
type originalSettings struct {
	// Existed is false when the project had no settings.
	Existed bool `json:"existed"`
	// Active and Integrated are what the first save found, nil before it.
	Active     *bool `json:"active,omitempty"`
	Integrated *bool `json:"integrated,omitempty"`
	// ActiveChanged and IntegratedChanged say whether a save has changed them.
	ActiveChanged     bool `json:"active_changed,omitempty"`
	IntegratedChanged bool `json:"integrated_changed,omitempty"`
}

// privateState is what framework requests and responses offer of the private state.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// loadOriginal returns what was saved. An object of which nothing was saved was imported or moved: Terraform has changed
// nothing of it yet.
func loadOriginal(ctx context.Context, private privateState) originalSettings {
	original := originalSettings{Existed: true}
	saved, _ := private.GetKey(ctx, originalKey)
	_ = json.Unmarshal(saved, &original)
	return original
}

// save saves it for later operations on the object.
func (o originalSettings) save(ctx context.Context, private privateState) diag.Diagnostics {
	value, _ := json.Marshal(o) // which cannot fail for Booleans
	return private.SetKey(ctx, originalKey, value)
}

// remember notes what a save found and changed.
func (o *originalSettings) remember(before *errortracking.Settings, wanted errortracking.WantedSettings) {
	if before == nil {
		return
	}
	o.Active, o.Integrated = cmp.Or(o.Active, &before.Active), cmp.Or(o.Integrated, &before.Integrated)
	o.ActiveChanged = o.ActiveChanged || before.Active != wanted.Active
	o.IntegratedChanged = o.IntegratedChanged || wanted.Integrated != nil && before.Integrated != *wanted.Integrated
}

// onDestroy returns the settings that a destroy sets, each nil to leave it as it is.
func (o originalSettings) onDestroy(value string) (active, integrated *bool) {
	switch {
	case value == onDestroyKeep:
		return nil, nil
	case value != onDestroyRestore || !o.Existed:
		return new(false), nil
	}
	if o.ActiveChanged {
		active = o.Active
	}
	if o.IntegratedChanged {
		integrated = o.Integrated
	}
	return active, integrated
}

// String says what the first save found, once there was one.
func (o originalSettings) String() string {
	if !o.Existed {
		return "the project had no settings"
	}
	return errortracking.WantedSettings{Active: *o.Active, Integrated: o.Integrated}.String()
}
