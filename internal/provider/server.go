package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Serve serves the provider to the engine that started this program, or to one that a debugger's user starts.
func Serve(version string, debug bool) error {
	var options []tf6server.ServeOpt
	if debug {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(Address, func() tfprotov6.ProviderServer { return newServer(New(version)()) }, options...)
}

// frameworkServer is what the framework's server can do.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
}

// server is the framework's server, but for the DSN of a test event: that is write-only. The framework (v1.19) can describe
// such an argument of an action, but then refuses each value of it.
type server struct{ frameworkServer }

func newServer(p provider.Provider) server {
	return server{providerserver.NewProtocol6(p)().(frameworkServer)} //nolint:forcetypeassert // each test would fail
}

func (s server) GetProviderSchema(ctx context.Context, req *tfprotov6.GetProviderSchemaRequest) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := s.frameworkServer.GetProviderSchema(ctx, req)
	if err != nil {
		return nil, err
	}
	for _, action := range resp.ActionSchemas {
		for _, attribute := range action.Schema.Block.Attributes {
			attribute.WriteOnly = attribute.Name == "dsn"
		}
	}
	return resp, nil
}
