package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// originalKey is the key of the private state that holds the settings before Terraform changed them, for on_destroy.
const originalKey = "original"

// originalSettings is the value of originalKey: what restore sets back.
type originalSettings struct {
	// Existed is false when the project had no settings.
	Existed bool `json:"existed"`
	// Active and Integrated are nil while Terraform has not changed them.
	Active     *bool `json:"active,omitempty"`
	Integrated *bool `json:"integrated,omitempty"`
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
	value, _ := private.GetKey(ctx, originalKey)
	_ = json.Unmarshal(value, &original)
	return original
}

// remember notes what a save changes for the first time, from the settings that it found.
func (o *originalSettings) remember(before *errortracking.Settings, wanted errortracking.WantedSettings) {
	if before == nil {
		return
	}
	if o.Active == nil && before.Active != wanted.Active {
		o.Active = &before.Active
	}
	if o.Integrated == nil && wanted.Integrated != nil && before.Integrated != *wanted.Integrated {
		o.Integrated = &before.Integrated
	}
}

func (o originalSettings) save(ctx context.Context, private privateState) diag.Diagnostics {
	value, _ := json.Marshal(o) // which cannot fail for Booleans
	return private.SetKey(ctx, originalKey, value)
}

// onDestroy returns the settings that a destroy sets, each nil to leave it as it is.
func (o originalSettings) onDestroy(value string) (active, integrated *bool) {
	switch {
	case value == onDestroyKeep:
		return nil, nil
	case value == onDestroyRestore && o.Existed:
		return o.Active, o.Integrated
	}
	return new(false), nil
}

// String says what restore would set back, or nothing.
func (o originalSettings) String() string {
	var values []string
	if o.Active != nil {
		values = append(values, fmt.Sprintf("active = %t", *o.Active))
	}
	if o.Integrated != nil {
		values = append(values, fmt.Sprintf("integrated = %t", *o.Integrated))
	}
	if !o.Existed {
		return "the project had no settings"
	}
	return strings.Join(values, ", ")
}
