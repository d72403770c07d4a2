package gitlabsim_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
)

// TestCollectorDecodes sends compressed envelopes where the DSN of a key points.
func TestCollectorDecodes(t *testing.T) {
	t.Parallel()
	for encoding, pack := range map[string]func(io.Writer) io.WriteCloser{
		"gzip":    func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		"deflate": func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) },
	} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			server := start(t, with(plain), gitlabsim.Options{})
			server.SetDSNBaseURL(server.URL())
			key := server.AddKey(1)
			before, project, _ := strings.Cut(server.DSN(1, key.PublicKey), "/projects/")
			base := strings.Replace(before, key.PublicKey+"@", "", 1)
			var packed bytes.Buffer
			w := pack(&packed)
			if _, err := io.WriteString(w, event); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}

			got := request(t, http.DefaultClient, http.MethodPost, base+"/projects/api/"+project+"/envelope/", packed.String(),
				http.Header{"Content-Encoding": {encoding}, "X-Sentry-Auth": {"Sentry sentry_key=" + key.PublicKey}})
			if got.status != http.StatusOK || got.body != "" {
				t.Errorf("got %d %q", got.status, got.body)
			}
			want := gitlabsim.Event{ProjectID: 1, PublicKey: key.PublicKey, EventID: "9ec79c33ec9942ab8353589fcb2e04dc", Message: "hello", Envelope: event}
			if events := server.Events(); len(events) != 1 || events[0] != want {
				t.Errorf("got %+v, want %+v", events, want)
			}
		})
	}
}

// TestCollectorRefuses sends bodies that cannot be decoded.
func TestCollectorRefuses(t *testing.T) {
	t.Parallel()
	for _, encoding := range []string{"gzip", "deflate", "br"} {
		t.Run(encoding, func(t *testing.T) {
			t.Parallel()
			server := start(t, with(withKeys(1)), gitlabsim.Options{})
			got := request(t, http.DefaultClient, http.MethodPost, server.URL()+collector+"?sentry_key="+firstKey, event,
				http.Header{"Content-Encoding": {encoding}})
			if got.status != http.StatusBadRequest {
				t.Errorf("got %d", got.status)
			}
			if events := server.Events(); len(events) != 0 {
				t.Errorf("got events %+v", events)
			}
		})
	}
}
