package main

import (
	"context"
	"errors"
	"time"

	"github.com/getsentry/sentry-go"
)

// send reports a message to the DSN as an application does, and returns when it has been sent.
func send(ctx context.Context, dsn, message string) error {
	client, err := sentry.NewClient(sentry.ClientOptions{Dsn: dsn})
	if err != nil {
		return err
	}
	defer client.Close()
	if id := client.CaptureMessage(message, nil, sentry.NewScope()); id == nil {
		return errors.New("the event was dropped before it was sent")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if !client.FlushWithContext(ctx) {
		return errors.New("the event was not sent within 10 seconds")
	}
	return nil
}
