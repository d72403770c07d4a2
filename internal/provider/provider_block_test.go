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
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
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
		return fmt.Sprintf(`
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
	terraform := newCommandLine(t, gitlab, block(files))
	terraform.fails(t, []string{"Unable to reach GitLab", "certificate is not trusted", "cacert_file"}, "plan")
	terraform.write(t, "main.tf", requiredProviders+block(fmt.Sprintf("cacert_file = %q", certificate)))
	terraform.fails(t, []string{"Unable to reach GitLab", "did not respond", "Set client_cert and client_key"}, "plan")
	terraform.goesTo(t, block(files+fmt.Sprintf("cacert_file = %q\n  insecure = false", certificate)), "1 added, 0 changed, 0 destroyed")
	passes(t, gitlab.hasSettings(1, true, true))
	for _, r := range gitlab.Requests() {
		if r.Header.Get("X-Gate") != "open" {
			t.Errorf("%s %s came without the custom header", r.Method, r.Path)
		}
	}
	terraform.write(t, "main.tf", requiredProviders+block(files+"insecure = true"))
	terraform.changesNothing(t)
}

// Arguments of gitlabhq/gitlab that this provider does not have are refused by Terraform itself.
func TestProvider_unsupportedArguments(t *testing.T) {
	t.Parallel()
	terraform := newCommandLine(t, startTestbed(t, twoProjects()), "provider \"gitlab\" {\n  config_file = \"config.yml\"\n  context = \"work\"\n  enable_auto_ci_support = true\n}\n"+settingsConfig("1", "active = true"))
	output, err := terraform.run(t, "validate")
	if err == nil || strings.Count(output, "Unsupported argument") != 3 {
		t.Errorf("%v, want an error for each argument\n%s", err, output)
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
