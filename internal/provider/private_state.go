package provider

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// privateState is what framework requests and responses offer of the private state.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// savePrivate saves a value for a later operation on the object.
func savePrivate(ctx context.Context, private privateState, key string, value any) diag.Diagnostics {
	text, _ := json.Marshal(value) // which cannot fail for Booleans, numbers and texts
	return private.SetKey(ctx, key, text)
}

// loadPrivate reads what was saved. If nothing was, the value stays as it is.
func loadPrivate(ctx context.Context, private privateState, key string, value any) {
	text, _ := private.GetKey(ctx, key)
	_ = json.Unmarshal(text, value)
}
