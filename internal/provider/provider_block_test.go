package provider

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// A provider block of gitlabhq/gitlab, with every argument that the two have in common, on a GitLab with a private
// authority that asks its clients for a certificate.
func TestProvider_everyArgument(t *testing.T) {
	t.Parallel()
	stub := httptest.NewTLSServer(nil)
	t.Cleanup(stub.Close)
	certificate, key := pemFiles(t, stub.TLS.Certificates[0])
	gitlab := startTestbedWith(t, twoProjects(), gitlabsim.Options{TLS: &tls.Config{
		Certificates: stub.TLS.Certificates,
		ClientAuth:   tls.RequireAnyClientCert,
		MinVersion:   tls.VersionTLS12,
	}})
	block := func(arguments string) string {
		return requiredProviders + fmt.Sprintf(`
provider "gitlab" {
  base_url         = "%s/api/v4/"
  token            = %q
  headers          = { X-Gate = "open" }
  retries          = 1
  early_auth_check = true
  %s
}
`, gitlab.URL(), maintainer, arguments) + settingsConfig("acme/web", "active = true")
	}
	files := fmt.Sprintf("client_cert = %q\n  client_key = %q\n  ", certificate, key)
	gitlab.run(t, resource.TestCase{
		Steps: []resource.TestStep{
			{Config: block(files), ExpectError: expectError("Unable to reach GitLab", "certificate is not trusted", "cacert_file")},
			{Config: block(fmt.Sprintf("cacert_file = %q", certificate)), ExpectError: expectError("Unable to reach GitLab", "did not respond", "Set client_cert and client_key")},
			{
				Config: block(files + fmt.Sprintf("cacert_file = %q\n  insecure = false", certificate)),
				Check: resource.ComposeAggregateTestCheckFunc(
					gitlab.hasSettings(1, true, true),
					gitlab.check(func() error {
						for _, r := range gitlab.Requests() {
							if r.Header.Get("X-Gate") != "open" {
								return fmt.Errorf("%s %s came without the custom header", r.Method, r.Path)
							}
						}
						return nil
					}),
				),
			},
			{Config: block(files + "insecure = true"), PlanOnly: true},
		},
	})
}

// Arguments of gitlabhq/gitlab that this provider does not have are refused by Terraform itself.
func TestProvider_unsupportedArguments(t *testing.T) {
	t.Parallel()
	gitlab := startTestbed(t, twoProjects())
	for _, argument := range []string{`config_file = "config.yml"`, `context = "work"`, `enable_auto_ci_support = true`} {
		t.Run(argument, func(t *testing.T) {
			t.Parallel()
			gitlab.run(t, resource.TestCase{
				Steps: []resource.TestStep{{
					Config:      requiredProviders + "provider \"gitlab\" {\n  " + argument + "\n}\n" + settingsConfig("1", "active = true"),
					PlanOnly:    true,
					ExpectError: expectError("Unsupported argument"),
				}},
			})
		})
	}
}

// pemFiles writes a certificate and its key to files of the test.
func pemFiles(t *testing.T, pair tls.Certificate) (certificate, key string) {
	t.Helper()
	secret, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	// Paths with spaces and backslashes, and Windows' line ends.
	folder := filepath.Join(t.TempDir(), "private authority", `of\new`)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: pair.Certificate[0]},
		key:         {Type: "PRIVATE KEY", Bytes: secret},
	} {
		text := bytes.ReplaceAll(pem.EncodeToMemory(block), []byte("\n"), []byte("\r\n"))
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
