package errortracking

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// ErrDSN is the error of [ParseDSN]. It gives the right form and repeats nothing of the text, which may hold a key.
var ErrDSN = errors.New("not a DSN of GitLab. A DSN has the form " +
	"https://<public_key>@<host>[:<port>]/errortracking/api/v1/projects/<project_id>, or on an older GitLab " +
	"https://<public_key>@<host>[:<port>]/api/v4/error_tracking/collector/<project_id>")

// DSN is the address that a Sentry SDK is configured with, in its parts.
type DSN struct {
	// Scheme is http or https.
	Scheme string
	// PublicKey is the client key, see [ClientKey.PublicKey].
	PublicKey string
	// Host is the collector's name or IP address, of version 6 in brackets. It need not be GitLab's own.
	Host string
	// Port is the one that is written, else that of the scheme.
	Port int64
	// Path is what stands before the project ID, without a closing slash.
	Path string
	// ProjectID is the numeric ID of the project.
	ProjectID int64
}

// dsnForm has the groups scheme, public key, host, port, path and project ID. Old DSNs of Sentry have a secret after the public
// key, which SDKs no longer need. A GitLab below a relative root has that root before its path.
var dsnForm = regexp.MustCompile(`^((?i)https?)://([A-Za-z0-9_-]+)(?::[A-Za-z0-9_-]*)?@` +
	`([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]+))?` +
	`((?:/[A-Za-z0-9._~-]+)*(?:/errortracking/api/v1/projects|/api/v4/error_tracking/collector))/([1-9][0-9]*)/?$`)

// defaultPorts are the ports of the schemes that GitLab is spoken to with.
var defaultPorts = map[string]int64{"http": 80, "https": 443}

// ParseDSN reads a DSN as GitLab prints it, now or in an older version, with or without a port. It ignores what files and
// people add: space around the DSN, a closing slash, capitals in the scheme, and a secret key. The error is [ErrDSN].
func ParseDSN(dsn string) (DSN, error) {
	part := dsnForm.FindStringSubmatch(strings.TrimSpace(dsn))
	if part == nil {
		return DSN{}, ErrDSN
	}
	if address, bracketed := strings.CutPrefix(part[3], "["); bracketed {
		if _, err := netip.ParseAddr(strings.TrimSuffix(address, "]")); err != nil {
			return DSN{}, ErrDSN
		}
	}
	scheme := strings.ToLower(part[1])
	d := DSN{Scheme: scheme, PublicKey: part[2], Host: part[3], Port: defaultPorts[scheme], Path: part[5]}
	if part[4] != "" {
		port, err := strconv.ParseUint(part[4], 10, 16)
		if err != nil || port == 0 {
			return DSN{}, ErrDSN
		}
		d.Port = int64(port)
	}
	var err error
	if d.ProjectID, err = strconv.ParseInt(part[6], 10, 64); err != nil {
		return DSN{}, ErrDSN
	}
	return d, nil
}

// String returns the DSN as GitLab prints it, which is always with the port.
func (d DSN) String() string {
	return fmt.Sprintf("%s://%s@%s:%d%s/%d", d.Scheme, d.PublicKey, d.Host, d.Port, d.Path, d.ProjectID)
}

// Collector returns the host of the DSN, with the port unless it is that of the scheme.
func (d DSN) Collector() string {
	if d.Port == defaultPorts[d.Scheme] {
		return d.Host
	}
	return fmt.Sprintf("%s:%d", d.Host, d.Port)
}

// EnvelopeURL returns the address that a Sentry SDK sends its envelopes to. It has no port where that is the scheme's.
func (d DSN) EnvelopeURL() string {
	return fmt.Sprintf("%s://%s%s/api/%d/envelope/", d.Scheme, d.Collector(), d.Path, d.ProjectID)
}

// IsUnset reports whether the DSN is for localhost:8080, as GitLab makes them while its instance setting
// error_tracking_api_url is not set.
func (d DSN) IsUnset() bool { return d.Host == "localhost" && d.Port == 8080 }
