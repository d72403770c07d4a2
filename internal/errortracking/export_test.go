package errortracking

import (
	"context"
	"net/http"
	"slices"
)

// The requests themselves, for the tests of what becomes of a single one.

func (c *Client) PutSettings(ctx context.Context, projectID int64, active, integrated bool) (Settings, error) {
	return c.settings(ctx, http.MethodPut, projectID, &WantedSettings{active, &integrated})
}

func (c *Client) PatchSettings(ctx context.Context, projectID int64, active bool, integrated *bool) (Settings, error) {
	return c.settings(ctx, http.MethodPatch, projectID, &WantedSettings{active, integrated})
}

func (c *Client) PostClientKey(ctx context.Context, projectID int64) (ClientKey, error) {
	var reply clientKeyReply
	if _, err := c.do(ctx, http.MethodPost, clientKeysPath(projectID), nil, &reply); err != nil {
		return ClientKey{}, err
	}
	return reply.key(), nil
}

func (c *Client) SharedClientKeys(ctx context.Context, projectID int64) ([]ClientKey, error) {
	keys, err := c.keys.get(ctx, projectID)
	return slices.Clone(keys), err
}
