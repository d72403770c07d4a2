package errortracking_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/getsentry/sentry-go"
)

const (
	dsnKey     = "glet_0123456789abcdef0123456789abcdef"
	dsnPath    = "/errortracking/api/v1/projects"
	oldDSNPath = "/api/v4/error_tracking/collector"
)

func TestParseDSN(t *testing.T) {
	t.Parallel()
	whole := errortracking.DSN{Scheme: "https", PublicKey: dsnKey, Host: "observe.gitlab.com", Port: 443, Path: dsnPath, ProjectID: 42}
	for name, test := range map[string]struct {
		dsn    string
		change func(*errortracking.DSN)
	}{
		"with port":    {"https://" + dsnKey + "@observe.gitlab.com:443" + dsnPath + "/42", func(*errortracking.DSN) {}},
		"without port": {"https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42", func(*errortracking.DSN) {}},
		"another port": {"https://" + dsnKey + "@observe.gitlab.com:8443" + dsnPath + "/42", func(d *errortracking.DSN) { d.Port = 8443 }},
		"http": {"http://" + dsnKey + "@localhost" + dsnPath + "/42", func(d *errortracking.DSN) {
			d.Scheme, d.Host, d.Port = "http", "localhost", 80
		}},
		"setting unset": {"http://" + dsnKey + "@localhost:8080" + dsnPath + "/42", func(d *errortracking.DSN) {
			d.Scheme, d.Host, d.Port = "http", "localhost", 8080
		}},
		"IPv6":           {"https://" + dsnKey + "@[::1]:8443" + dsnPath + "/42", func(d *errortracking.DSN) { d.Host, d.Port = "[::1]", 8443 }},
		"line break":     {"https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42\n", func(*errortracking.DSN) {}},
		"spaces around":  {" https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42\r\n", func(*errortracking.DSN) {}},
		"closing slash":  {"https://" + dsnKey + "@observe.gitlab.com:443" + dsnPath + "/42/", func(*errortracking.DSN) {}},
		"capital scheme": {"HTTPS://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42", func(*errortracking.DSN) {}},
		"with a secret":  {"https://" + dsnKey + ":secret@observe.gitlab.com" + dsnPath + "/42", func(*errortracking.DSN) {}},
		"with no secret": {"https://" + dsnKey + ":@observe.gitlab.com" + dsnPath + "/42", func(*errortracking.DSN) {}},
		"all of these":   {"\tHttps://" + dsnKey + ":secret@observe.gitlab.com:443" + dsnPath + "/42/\n", func(*errortracking.DSN) {}},
		"older": {"https://" + dsnKey + "@gitlab.example.com" + oldDSNPath + "/42", func(d *errortracking.DSN) {
			d.Host, d.Path = "gitlab.example.com", oldDSNPath
		}},
		"older, below a relative root": {"https://" + dsnKey + "@example.com/gitlab" + oldDSNPath + "/42", func(d *errortracking.DSN) {
			d.Host, d.Path = "example.com", "/gitlab"+oldDSNPath
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := whole
			test.change(&want)
			got, err := errortracking.ParseDSN(test.dsn)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if sdk := envelopeURLOfSDK(t, got.String()); got.EnvelopeURL() != sdk {
				t.Errorf("the envelope URL is %s, an SDK makes %s", got.EnvelopeURL(), sdk)
			}
		})
	}
}

func TestParseDSN_bad(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{
		"empty":             "",
		"no URL":            dsnKey,
		"no key":            "https://observe.gitlab.com" + dsnPath + "/42",
		"two secrets":       "https://" + dsnKey + ":a:b@observe.gitlab.com" + dsnPath + "/42",
		"no host":           "https://" + dsnKey + "@" + dsnPath + "/42",
		"of Sentry":         "https://" + dsnKey + "@o1.ingest.sentry.io/42",
		"no project":        "https://" + dsnKey + "@observe.gitlab.com" + dsnPath,
		"empty project":     "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/",
		"project by path":   "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/acme/web",
		"project zero":      "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/0",
		"project too large": "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/9223372036854775808",
		"port zero":         "https://" + dsnKey + "@observe.gitlab.com:0" + dsnPath + "/42",
		"port too large":    "https://" + dsnKey + "@observe.gitlab.com:65536" + dsnPath + "/42",
		"another scheme":    "ftp://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42",
		"with a query":      "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42?x=1",
		"space within":      "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + " /42",
		"two slashes":       "https://" + dsnKey + "@observe.gitlab.com" + dsnPath + "/42//",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := errortracking.ParseDSN(dsn)
			if !errors.Is(err, errortracking.ErrDSN) || strings.Contains(err.Error(), dsnKey) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// What is read as a DSN is the same when it is printed and read again, and an SDK sends to the same address.
func FuzzParseDSN(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		dsn, err := errortracking.ParseDSN(text)
		if err != nil {
			return
		}
		again, err := errortracking.ParseDSN(dsn.String())
		if err != nil || again != dsn {
			t.Errorf("%q is %+v, printed and read again %+v, %v", text, dsn, again, err)
		}
		if sdk := envelopeURLOfSDK(t, dsn.String()); dsn.EnvelopeURL() != sdk {
			t.Errorf("the envelope URL of %q is %s, an SDK makes %s", text, dsn.EnvelopeURL(), sdk)
		}
	})
}

func envelopeURLOfSDK(t *testing.T, dsn string) string {
	t.Helper()
	parsed, err := sentry.NewDsn(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.GetAPIURL().String()
}
