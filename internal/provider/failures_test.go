package provider

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/errortracking/terraform-provider-gitlab/internal/errortracking"
	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// arguments are those of a block.
type arguments map[string]tftypes.Value

func text(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }

func truth(b bool) tftypes.Value { return tftypes.NewValue(tftypes.Bool, b) }

// failure is a way in which a request fails, and what the user is told.
type failure struct {
	happens string
	kind    error // whose cause and cure are told
	title   string
	cure    string   // if not that of the kind
	names   []string // more that is told
	never   string   // what is not
	once    bool     // a repetition cannot help

	gitlab func(*gitlabsim.Scenario)                                               // changes the simulated GitLab
	server func(t *testing.T, p *gitlabProvider, block arguments) (baseURL string) // takes its place
	proxy  func(*testing.T) (address string)                                       // stands before https://gitlab.example.com

	token   string // if not that of a Maintainer
	creates string // the suffix of the resource type; without it a data source is read
	reads   string // the suffix of the data source type, if not that of settings
	config  arguments
}

// fault lets a request below a project, or to it, get another response.
func fault(f gitlabsim.Fault) func(*gitlabsim.Scenario) {
	if f.Path == "" {
		f.Path = "/projects/*"
	}
	return func(s *gitlabsim.Scenario) { s.Faults = []gitlabsim.Fault{f} }
}

var failures = []failure{
	{happens: "unknown token", kind: errortracking.ErrUnauthorized, title: unableToSignIn, names: []string{"GITLAB_TOKEN"}, token: "glpat-unknown"},
	{happens: "expired token", kind: errortracking.ErrTokenExpired, title: unableToSignIn, names: []string{"scope api"}, token: "glpat-expired"},
	{happens: "revoked token", kind: errortracking.ErrTokenRevoked, title: unableToSignIn, names: []string{"scope api"}, token: "glpat-revoked"},
	{
		happens: "token that reads only", kind: errortracking.ErrInsufficientScope, title: unableToSaveSettings, names: []string{"read_api"},
		token: "glpat-reader", creates: settingsType, config: arguments{"active": truth(true)},
	},
	{happens: "fine-grained token", kind: errortracking.ErrMissingPermission, title: unableToReadSettings, names: []string{"[Error Tracking Setting: Read]"}, token: "glpat-fine-grained"},
	{happens: "Developer", kind: errortracking.ErrForbidden, title: unableToReadSettings, names: []string{"Maintainer"}, token: "glpat-developer"},
	{
		happens: "blocked user", kind: errortracking.ErrRefused, title: unableToReadProject, names: []string{"Your account has been blocked."},
		gitlab: fault(gitlabsim.Fault{Status: 403, Body: `{"message":"403 Forbidden - Your account has been blocked."}`}),
	},
	{
		happens: "blocked user, group", kind: errortracking.ErrRefused, title: unableToReadGroup, reads: "_error_tracking_projects", config: arguments{"group": text("acme")},
		gitlab: fault(gitlabsim.Fault{Path: "/groups/*", Status: 403, Body: `{"message":"403 Forbidden - Your account has been blocked."}`}),
	},

	{happens: "name not found", kind: errortracking.ErrHostNotFound, title: unableToReachGitLab, names: []string{"base_url"}, once: true, server: at("https://" + strings.Repeat("x", 64) + ".example.com")},
	{
		happens: "nothing listens", kind: errortracking.ErrUnreachable, title: unableToReachGitLab, names: []string{"connection refused", "HTTPS_PROXY"},
		server: func(t *testing.T, _ *gitlabProvider, _ arguments) string {
			t.Helper()
			return "http://" + closedAddress(t)
		},
	},
	{happens: "no response", kind: errortracking.ErrTimeout, title: unableToReachGitLab, server: func(t *testing.T, p *gitlabProvider, _ arguments) string {
		t.Helper()
		p.options.Timeout = 50 * time.Millisecond
		return "http://" + listen(t, func(net.Conn) {})
	}},
	{happens: "reset", kind: errortracking.ErrConnection, title: unableToReachGitLab, server: func(t *testing.T, _ *gitlabProvider, _ arguments) string {
		t.Helper()
		return "http://" + listen(t, func(conn net.Conn) { _ = conn.Close() })
	}},
	{happens: "proxy unreachable", kind: errortracking.ErrProxyUnreachable, title: unableToReachGitLab, names: []string{"HTTPS_PROXY", "NO_PROXY"}, proxy: closedAddress},
	{happens: "proxy wants a password", kind: errortracking.ErrProxyUnauthorized, title: unableToReachGitLab, names: []string{"http://user:password@"}, proxy: proxyWith(http.StatusProxyAuthRequired)},
	{happens: "proxy refuses", kind: errortracking.ErrProxyRefused, title: unableToReachGitLab, names: []string{"NO_PROXY"}, proxy: proxyWith(http.StatusForbidden)},
	{happens: "https to HTTP", kind: errortracking.ErrNoTLS, title: unableToReachGitLab, names: []string{"http://"}, once: true, server: func(t *testing.T, _ *gitlabProvider, _ arguments) string {
		t.Helper()
		server := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(server.Close)
		return strings.Replace(server.URL, "http:", "https:", 1)
	}},
	{happens: "http to HTTPS", kind: errortracking.ErrTLSRequired, title: unableToReachGitLab, names: []string{"https://"}, once: true, server: func(t *testing.T, _ *gitlabProvider, _ arguments) string {
		t.Helper()
		return strings.Replace(startTLS(t, nil).URL, "https:", "http:", 1)
	}},
	{happens: "certificate of an unknown authority", kind: errortracking.ErrCertificateNotTrusted, title: unableToReachGitLab, names: []string{"cacert_file", "insecure = true"}, once: true, server: func(t *testing.T, _ *gitlabProvider, _ arguments) string {
		t.Helper()
		return startTLS(t, nil).URL
	}},
	{happens: "expired certificate", kind: errortracking.ErrCertificateExpired, title: unableToReachGitLab, names: []string{"insecure = true"}, once: true, server: func(t *testing.T, _ *gitlabProvider, block arguments) string {
		t.Helper()
		return startTrusted(t, block, &tls.Config{Certificates: []tls.Certificate{expiredCertificate(t)}}).URL
	}},
	{happens: "certificate for another host", kind: errortracking.ErrCertificateOfOtherHost, title: unableToReachGitLab, names: []string{"insecure = true"}, once: true, server: func(t *testing.T, _ *gitlabProvider, block arguments) string {
		t.Helper()
		return strings.Replace(startTrusted(t, block, nil).URL, "127.0.0.1", "localhost", 1) // The certificate has the address alone.
	}},
	{happens: "client certificate missing", kind: errortracking.ErrClientCertificate, title: unableToReachGitLab, names: []string{"client_cert", "client_key"}, once: true, server: func(t *testing.T, _ *gitlabProvider, block arguments) string {
		t.Helper()
		return startTrusted(t, block, &tls.Config{ClientAuth: tls.RequireAnyClientCert}).URL
	}},
	{happens: "old TLS", kind: errortracking.ErrTLS, title: unableToReachGitLab, names: []string{"TLS 1.2"}, once: true, server: func(t *testing.T, _ *gitlabProvider, block arguments) string {
		t.Helper()
		return startTrusted(t, block, &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}).URL
	}},

	{
		happens: "sign-in page", kind: errortracking.ErrNotJSON, title: unexpectedResponse, names: []string{"/api/v4"}, once: true,
		gitlab: fault(gitlabsim.Fault{Status: 200, Body: "<html>Sign in</html>", ContentType: "text/html"}),
	},
	{
		happens: "relative root forgotten", kind: errortracking.ErrNoAPI, title: unexpectedResponse, names: []string{"base_url", "home page", "not of a project"}, once: true,
		gitlab: fault(gitlabsim.Fault{Status: 404, Body: "<html>404</html>", ContentType: "text/html"}),
	},
	{
		happens: "redirect to a sign-in page", kind: errortracking.ErrRedirected, title: unexpectedResponse, names: []string{"https://sso.example.com/sign_in", "base_url"}, once: true,
		gitlab: fault(gitlabsim.Fault{Status: 302, Headers: map[string]string{"Location": "https://sso.example.com/sign_in"}}),
	},
	{
		happens: "no such endpoint", kind: errortracking.ErrNoSuchEndpoint, title: unexpectedResponse, names: []string{"15.10", "home page"}, once: true,
		gitlab: fault(gitlabsim.Fault{Status: 404, Body: `{"error":"404 Not Found"}`}),
	},
	{happens: "JSON cut off", kind: errortracking.ErrMalformed, title: unexpectedResponse, names: []string{"unexpected end of JSON input"}, once: true, gitlab: fault(gitlabsim.Fault{Status: 200, Body: `{"id":1,`})},
	{happens: "a list", kind: errortracking.ErrMalformed, title: unexpectedResponse, names: []string{"unexpected JSON array"}, never: "struct", once: true, gitlab: fault(gitlabsim.Fault{Path: "/projects/1/*", Status: 200, Body: `[]`})},
	{happens: "unknown status", kind: errortracking.ErrUnexpected, title: unexpectedResponse, once: true, gitlab: fault(gitlabsim.Fault{Status: 418, Body: `{"message":"short and stout"}`})},
	{
		happens: "rate limit for 11 minutes", kind: errortracking.ErrRateLimited, title: gitlabUnavailable, names: []string{"wait 11m40s"}, never: "retries", once: true,
		gitlab: fault(gitlabsim.Fault{Status: 429, Headers: map[string]string{"Retry-After": "700"}}),
	},
	{
		happens: "rate limit for a second", kind: errortracking.ErrRateLimited, title: gitlabUnavailable, names: []string{"wait 1s", "retries"},
		gitlab: fault(gitlabsim.Fault{Status: 429, Headers: map[string]string{"Retry-After": "1"}}),
	},
	{happens: "503", kind: errortracking.ErrServer, title: gitlabUnavailable, names: []string{"503 Service Unavailable"}, never: ": 503", gitlab: fault(gitlabsim.Fault{Status: 503})},

	{happens: "no such project", kind: errortracking.ErrProjectNotFound, title: unableToFindProject, names: []string{"acme/gone", "includes the group"}, once: true, config: arguments{"project": text("acme/gone")}},
	{happens: "no such group", kind: errortracking.ErrGroupNotFound, title: unableToFindGroup, names: []string{"Group none: "}, once: true, reads: "_error_tracking_projects", config: arguments{"group": text("none")}},
	{happens: "no settings", kind: errortracking.ErrSettingsNotFound, title: unableToReadSettings, once: true},
	{happens: "error tracking removed", kind: errortracking.ErrFeatureRemoved, title: unableToReadSettings, once: true, gitlab: func(s *gitlabsim.Scenario) { s.ErrorTracking = new(false) }},
	{
		happens: "flag off, no settings", kind: errortracking.ErrFeatureDisabled, title: unableToSaveSettings, names: []string{"create settings", "a service of GitLab.com", "Settings > Monitor > Error Tracking"}, once: true,
		creates: settingsType, config: arguments{"active": truth(true)}, gitlab: func(s *gitlabsim.Scenario) { s.IntegratedErrorTracking = new(false) },
	},
	{
		happens: "flag off, no settings yet for a Sentry", kind: errortracking.ErrFeatureDisabled, title: unableToSaveSettings, cure: connectFirst, never: "administrator", once: true,
		creates: settingsType, config: arguments{"active": truth(true), "integrated": truth(false)}, gitlab: func(s *gitlabsim.Scenario) { s.IntegratedErrorTracking = new(false) },
	},
	{
		happens: "flag off, settings of a Sentry", kind: errortracking.ErrFlagDisabled, title: unableToSaveSettings, names: []string{"set integrated = true", "with integrated = false"}, never: "create settings", once: true,
		creates: settingsType, config: arguments{"active": truth(true), "integrated": truth(true)}, gitlab: func(s *gitlabsim.Scenario) {
			s.IntegratedErrorTracking = new(false)
			s.Projects[0].Settings = &gitlabsim.Settings{Active: true, APIURL: new("https://sentry.example.com/api/0/projects/o/p/")}
		},
	},
	{
		happens: "no Sentry", kind: errortracking.ErrNoSentry, title: unableToSaveSettings, names: []string{"api url is a required field", "Settings > Monitor > Error Tracking"}, once: true,
		creates: settingsType, config: arguments{"active": truth(true), "integrated": truth(false)},
	},
	{
		happens: "Sentry on a blocked host", kind: errortracking.ErrSentryBlocked, title: unableToSaveSettings, names: []string{"is blocked", "Outbound requests"}, never: "integrated = true", once: true,
		creates: settingsType, config: arguments{"active": truth(true)}, gitlab: func(s *gitlabsim.Scenario) {
			s.Projects[0].Settings = &gitlabsim.Settings{APIURL: new("http://localhost/api/0/projects/o/p/")}
		},
	},
	{
		happens: "settings rejected", kind: errortracking.ErrRejected, title: unableToSaveSettings, names: []string{"No such luck"}, once: true,
		creates: settingsType, config: arguments{"active": truth(true)}, gitlab: fault(gitlabsim.Fault{Method: "PUT", Status: 200, Body: `{"status":"error","message":"No such luck"}`}),
	},
	{
		happens: "other settings stored", kind: errortracking.ErrNotApplied, title: unableToSaveSettings, names: []string{"asked for active = true"}, once: true,
		creates: settingsType, config: arguments{"active": truth(true)}, gitlab: fault(gitlabsim.Fault{Method: "PUT", Status: 200, Body: `{"active":true,"integrated":false}`}),
	},
	{
		happens: "parameters refused", kind: errortracking.ErrBadRequest, title: unableToSaveSettings, names: []string{"active is invalid", "15.10"}, once: true,
		creates: settingsType, config: arguments{"active": truth(true)}, gitlab: fault(gitlabsim.Fault{Method: "PUT", Status: 400, Body: `{"error":"active is invalid"}`}),
	},
	{
		happens: "project moved", kind: errortracking.ErrProjectMoved, title: unableToSaveSettings, once: true,
		creates: settingsType, config: arguments{"active": truth(true)}, gitlab: fault(gitlabsim.Fault{Method: "PUT", Status: 405, Body: `{"message":"Non GET methods are not allowed for moved projects"}`}),
	},
	{
		happens: "broken setting of the instance", kind: errortracking.ErrClientKeysFailed, title: unableToReadClientKeys, names: []string{"error_tracking_api_url"},
		reads: clientKeyType, gitlab: func(s *gitlabsim.Scenario) {
			s.DSNBaseURL, s.Projects[0].ClientKeys = new("nonsense"), gitlabsim.MakeKeys(1)
		},
	},
	{
		happens: "list without end", kind: errortracking.ErrIncompleteList, title: unableToReadClientKeys,
		reads: clientKeyType, gitlab: fault(gitlabsim.Fault{Path: "/projects/1/*", Status: 200, Body: "[]", Headers: map[string]string{"X-Total": "5"}}),
	},
	{
		happens: "key lost", kind: errortracking.ErrLostAnswer, title: unableToCreateClientKey, names: []string{"New client keys: none", "<project>:<key_id>"}, once: true,
		creates: clientKeyType, gitlab: fault(gitlabsim.Fault{Method: "POST", Status: 502}),
	},
}

// Each kind of error is provoked, and told with the layer at fault, the cause and the cure.
func TestFailures(t *testing.T) {
	t.Parallel()
	provoked := map[error]bool{
		errortracking.ErrInterrupted:       true, // see TestInterrupt
		errortracking.ErrEarlierFailure:    true, // needs a second resource
		errortracking.ErrClientKeyNotFound: true, // told by the keys that there are
	}
	for _, f := range failures {
		provoked[f.kind] = true
		t.Run(f.happens, func(t *testing.T) {
			t.Parallel()
			message := f.run(t)
			known := adviceOn[f.kind]
			if known.cause == "" {
				known.cause = capitalized(sentence(f.kind.Error()))
			}
			for _, texts := range append([][]string{{f.title, known.cause, cmp.Or(f.cure, known.cure)}}, slices.Collect(slices.Chunk(f.names, 1))...) {
				if !hasInOrder(message, texts...) {
					t.Errorf("the message lacks %q:\n%s", texts, message)
				}
			}
			if f.never != "" && strings.Contains(message, f.never) || f.once && strings.Contains(message, " attempts in ") {
				t.Errorf("the message has %q, or more than one attempt:\n%s", f.never, message)
			}
		})
	}
	for kind := range adviceOn {
		if !provoked[kind] {
			t.Errorf("nothing provokes %q", kind)
		}
	}
}

// run returns the title and the text of the error.
func (f failure) run(t *testing.T) (message string) {
	t.Helper()
	if f.proxy != nil {
		// A process reads the proxy of its environment once.
		terraform := newCommandLine(t, startTestbed(t, twoProjects()), "provider \"gitlab\" {\n  retries = 0\n}\n"+settingsDataConfig("acme/web"))
		terraform.startProvider(t)
		terraform.env = append(terraform.env, "GITLAB_BASE_URL=https://gitlab.example.com", "HTTPS_PROXY=http://"+f.proxy(t), "NO_PROXY=", "no_proxy=")
		message, _ = terraform.run(t, "plan")
		return message
	}
	p := &gitlabProvider{version: "test", getenv: func(string) string { return "" }}
	p.options.Pause = func(time.Duration) time.Duration { return 0 }
	block := arguments{"token": text(maintainer)}
	if f.token != "" {
		block["token"] = text(f.token)
	}
	if f.server != nil {
		block["base_url"] = text(f.server(t, p, block))
	} else {
		scenario := twoProjects()
		everywhere := func(role string) map[string]string { return map[string]string{"*": role} }
		scenario.Tokens = append(scenario.Tokens,
			gitlabsim.Token{Token: "glpat-expired", State: "expired", Roles: everywhere("maintainer")},
			gitlabsim.Token{Token: "glpat-revoked", State: "revoked", Roles: everywhere("maintainer")},
			gitlabsim.Token{Token: "glpat-reader", Scopes: []string{"read_api"}, Roles: everywhere("maintainer")},
			gitlabsim.Token{Token: "glpat-developer", Roles: everywhere("developer")},
			gitlabsim.Token{Token: "glpat-fine-grained", Permissions: []string{"read_project"}, Roles: everywhere("maintainer")},
		)
		if f.gitlab != nil {
			f.gitlab(&scenario)
		}
		block["base_url"] = text(startTestbed(t, scenario).URL())
	}
	config := arguments{"project": text("acme/web")}
	if f.config["group"].Type() != nil {
		config = arguments{}
	}
	maps.Copy(config, f.config)
	for _, d := range f.diagnostics(t, newServer(p), block, config) {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			message += d.Summary + "\n" + d.Detail + "\n"
			if _, advice, _ := strings.Cut(d.Detail, "\n\n"); len(strings.Fields(advice)) > 60 {
				t.Errorf("more than 60 words follow the request: %s", advice)
			}
		}
	}
	return message
}

// diagnostics are those of an object with the given provider block, from its plan to its creation.
func (f failure) diagnostics(t *testing.T, server tfprotov6.ProviderServer, block, config arguments) []*tfprotov6.Diagnostic {
	t.Helper()
	schema := schemaOf(t, server)
	configured, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: objectValue(t, schema.Provider, block)})
	if err != nil || len(configured.Diagnostics) > 0 {
		t.Fatalf("%v, %v", err, configured.Diagnostics)
	}
	if f.creates == "" {
		name := TypeName + settingsType
		if f.reads != "" {
			name = TypeName + f.reads
		}
		read, err := server.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: name, Config: objectValue(t, schema.DataSourceSchemas[name], config)})
		if err != nil {
			t.Fatal(err)
		}
		return read.Diagnostics
	}
	name := TypeName + f.creates
	object := schema.ResourceSchemas[name]
	null, err := tfprotov6.NewDynamicValue(object.ValueType(), tftypes.NewValue(object.ValueType(), nil))
	if err != nil {
		t.Fatal(err)
	}
	wanted := objectValue(t, object, config)
	planned, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: name, PriorState: &null, ProposedNewState: wanted, Config: wanted})
	if err != nil {
		t.Fatal(err)
	}
	applied, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, PriorState: &null, PlannedState: planned.PlannedState, Config: wanted, PlannedPrivate: planned.PlannedPrivate,
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(planned.Diagnostics, applied.Diagnostics...)
}

// at is a server that the test does not start.
func at(baseURL string) func(*testing.T, *gitlabProvider, arguments) string {
	return func(*testing.T, *gitlabProvider, arguments) string { return baseURL }
}

// listen serves each connection of an address, without an end.
func listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			serve(conn)
		}
	}()
	return listener.Addr().String()
}

// closedAddress is an address at which nothing listens until the test ends: a connection holds the port.
func closedAddress(t *testing.T) string {
	t.Helper()
	held, err := net.Dial("tcp", listen(t, func(net.Conn) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = held.Close() })
	return held.LocalAddr().String()
}

// proxyWith is a proxy that responds to each request with a status.
func proxyWith(status int) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(proxy.Close)
		return proxy.Listener.Addr().String()
	}
}

// startTLS serves with a TLS configuration.
func startTLS(t *testing.T, config *tls.Config) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = config
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// startTrusted is startTLS with a certificate that the provider block trusts.
func startTrusted(t *testing.T, block arguments, config *tls.Config) *httptest.Server {
	t.Helper()
	server := startTLS(t, config)
	file, _ := pemFiles(t, server.TLS.Certificates[0])
	block["cacert_file"] = text(file)
	return server
}

// expiredCertificate makes a certificate for 127.0.0.1 that signs itself.
func expiredCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Unix(1, 0), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
