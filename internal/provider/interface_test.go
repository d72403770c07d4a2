package provider

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/errortracking/terraform-provider-gitlab/internal/gitlabsim"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

var updateInterface = flag.Bool("update", false, "write the interface that the provider has into testdata/interface.txt")

// interfaceFile is what users rely on, a line for each subject with its facts. Texts are not among them.
const interfaceFile = "testdata/interface.txt"

// factSeparator stands between the facts of a subject.
const factSeparator = "; "

// TestInterface compares the provider with what users rely on, and says of each change whether it breaks them.
func TestInterface(t *testing.T) {
	t.Parallel()
	got := describeInterface(t)
	if *updateInterface {
		var text strings.Builder
		for _, subject := range slices.Sorted(maps.Keys(got)) {
			text.WriteString(strings.TrimSpace(subject+": "+strings.Join(got[subject], factSeparator)) + "\n")
		}
		if err := os.WriteFile(interfaceFile, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(interfaceFile)
	if err != nil {
		t.Fatal(err)
	}
	want := subjects{}
	for line := range strings.Lines(string(text)) {
		subject, facts, _ := strings.Cut(strings.TrimSpace(line)+" ", ": ")
		want[subject] = splitFacts(facts)
	}
	for _, change := range want.changes(got) {
		t.Errorf("%s\n`make schema` records it.", change)
	}
}

// subjects are what users can name, such as an attribute, each with its facts.
type subjects map[string][]string

func splitFacts(text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return strings.Split(text, factSeparator)
}

// harmless matches the facts that can come or go without harm to a configuration, state or script that worked before.
var harmless = regexp.MustCompile(`^(\+ (optional|computed|deprecated|kept in updates)|- (required|deprecated|refused)|[+-] version \d+)$`)

// changes lists what is new, gone or different in others, and says of each whether it breaks users.
func (s subjects) changes(others subjects) []string {
	var changes []string
	say := func(breaks bool, text string) {
		verdict := "harmless"
		if breaks {
			verdict = "BREAKS USERS"
		}
		changes = append(changes, verdict+": "+text)
	}
	for _, subject := range slices.Sorted(maps.Keys(s)) {
		facts, there := others[subject]
		if !there {
			say(true, subject+" was removed or renamed")
			continue
		}
		var differences []string
		breaks := false
		for sign, lists := range map[string][2][]string{"-": {s[subject], facts}, "+": {facts, s[subject]}} {
			for _, fact := range lists[0] {
				if !slices.Contains(lists[1], fact) {
					differences = append(differences, sign+" "+fact)
					// Nobody relies on what is refused.
					breaks = breaks || !harmless.MatchString(sign+" "+fact) && !slices.Contains(s[subject], "refused")
				}
			}
		}
		slices.Sort(differences)
		if len(differences) > 0 {
			say(breaks, subject+": "+strings.Join(differences, factSeparator))
		}
	}
	for _, subject := range slices.Sorted(maps.Keys(others)) {
		if _, there := s[subject]; !there {
			parent, _, _ := strings.Cut(subject, ".")
			_, parentThere := s[parent]
			say(parentThere && slices.Contains(others[subject], "required"), subject+" is new")
		}
	}
	return changes
}

func TestInterface_changes(t *testing.T) {
	t.Parallel()
	before := subjects{
		"resource x": {"version 0"}, "resource x.a": {"string", "optional", `default "b"`}, "resource x.b": {"string", "required"},
		"resource x.c": {"string", "computed"}, `import x by "a"`: {"1"}, `import x by "b"`: {"refused"}, `title "T"`: nil,
	}
	for change, test := range map[string]struct {
		to   subjects
		want string
	}{
		"nothing":             {to: before},
		"removed":             {without(before, "resource x.a"), "BREAKS USERS: resource x.a was removed or renamed"},
		"a title":             {without(before, `title "T"`), `BREAKS USERS: title "T" was removed or renamed`},
		"required":            {with(before, "resource x.a", "string", "required"), `BREAKS USERS: resource x.a: + required; - default "b"; - optional`},
		"optional":            {with(before, "resource x.b", "string", "optional"), "harmless: resource x.b: + optional; - required"},
		"another type":        {with(before, "resource x.b", "number", "required"), "BREAKS USERS: resource x.b: + number; - string"},
		"another default":     {with(before, "resource x.a", "string", "optional", `default "c"`), `BREAKS USERS: resource x.a: + default "c"; - default "b"`},
		"replaced":            {with(before, "resource x.b", "string", "required", "replaces"), "BREAKS USERS: resource x.b: + replaces"},
		"sensitive":           {with(before, "resource x.c", "string", "computed", "sensitive"), "BREAKS USERS: resource x.c: + sensitive"},
		"write-only":          {with(before, "resource x.b", "string", "required", "write-only"), "BREAKS USERS: resource x.b: + write-only"},
		"deprecated":          {with(before, "resource x.b", "string", "required", "deprecated"), "harmless: resource x.b: + deprecated"},
		"no longer imported":  {with(before, `import x by "a"`, "refused"), `BREAKS USERS: import x by "a": + refused; - 1`},
		"imported":            {with(before, `import x by "b"`, "2"), `harmless: import x by "b": + 2; - refused`},
		"a required argument": {with(before, "resource x.d", "string", "required"), "BREAKS USERS: resource x.d is new"},
		"an argument":         {with(before, "resource x.d", "string", "optional"), "harmless: resource x.d is new"},
		"an object":           {with(with(before, "resource y", "version 0"), "resource y.a", "string", "required"), "harmless: resource y is new\nharmless: resource y.a is new"},
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(before.changes(test.to), "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func with(s subjects, subject string, facts ...string) subjects {
	s = maps.Clone(s)
	s[subject] = facts
	return s
}

func without(s subjects, subject string) subjects {
	s = maps.Clone(s)
	delete(s, subject)
	return s
}

// importForms are IDs of each form that a resource may be imported by, in the GitLab of importGitLab.
func importForms(gitlab *testbed) map[string]map[string]string {
	return map[string]map[string]string{
		TypeName + settingsType: {"<project path>": "acme/web", "<project ID>": "1", "<project path>:<key ID>": "acme/web:7"},
		TypeName + clientKeyType: {
			"<project path>:<key ID>": "acme/web:7", "<project ID>:<key ID>": "1:7", "<project path>:<public key>": "acme/web:" + publicKey(7),
			"<project path>": "acme/web", "<project ID>": "1", "<DSN>": gitlab.DSN(1, publicKey(7)), "<public key>": publicKey(7), "<key ID>": ":7",
		},
	}
}

// argumentChanges are two values of each argument of a resource, between which a plan changes it.
var argumentChanges = map[string][2]tftypes.Value{
	"project":    {tftypes.NewValue(tftypes.String, "acme/web"), tftypes.NewValue(tftypes.String, "acme/shop")},
	"active":     {tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false)},
	"integrated": {tftypes.NewValue(tftypes.Bool, true), tftypes.NewValue(tftypes.Bool, false)},
	"on_destroy": {tftypes.NewValue(tftypes.String, onDestroyKeep), tftypes.NewValue(tftypes.String, onDestroyDeactivate)},
	"keepers":    {keepersValue("1"), keepersValue("2")},
}

func keepersValue(value string) tftypes.Value {
	return tftypes.NewValue(tftypes.Map{ElementType: tftypes.String}, map[string]tftypes.Value{"rotated": tftypes.NewValue(tftypes.String, value)})
}

// describeInterface asks the provider itself: its schemas, its plans, its imports and what it reads of the environment.
func describeInterface(t *testing.T) subjects {
	t.Helper()
	scenario := keyScenario()
	scenario.Projects[0].Settings = &gitlabsim.Settings{Active: true, Integrated: true}
	scenario.Projects[0].ClientKeys = scenario.Projects[0].ClientKeys[:1]
	gitlab := startTestbed(t, scenario)
	server := gitlab.configured(t)
	served := schemaOf(t, server)
	all := subjects{}
	for name, schema := range schemasOf(served) {
		all[name] = []string{fmt.Sprintf("version %d", schema.Version)}
		all.addAttributes(name, schema.Block.Attributes)
		if len(schema.Block.BlockTypes) > 0 {
			t.Fatalf("%s has blocks, which the file does not describe", name)
		}
	}
	for name, f := range served.Functions {
		for at, p := range f.Parameters {
			all[fmt.Sprintf("function %s.%d", name, at+1)] = []string{typeText(p.Type)}
		}
		all["function "+name] = []string{"returns " + typeText(f.Return.Type)}
	}
	identities, err := server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for name, identity := range identities.IdentitySchemas {
		all["identity "+name] = []string{fmt.Sprintf("version %d", identity.Version)}
		for _, a := range identity.IdentityAttributes {
			all["identity "+name+"."+a.Name] = keep(typeText(a.Type), "required", a.RequiredForImport, "optional", a.OptionalForImport)
		}
	}
	for name, schema := range served.ResourceSchemas {
		all.addPlans(t, gitlab, server, name, schema)
		for form, id := range importForms(gitlab)[name] {
			result := "refused"
			if state := importAndRead(t, server, name, schema, id); state != nil {
				result = valueText(state["id"])
			}
			all["import "+name+" by "+form] = []string{result}
		}
	}
	for _, name := range environmentRead(t, gitlab) {
		all["environment variable "+name] = nil
	}
	for _, title := range titles(t) {
		all["title "+title] = nil
	}
	return all
}

func (s subjects) addAttributes(owner string, attributes []*tfprotov6.SchemaAttribute) {
	for _, a := range attributes {
		name := owner + "." + a.Name
		var typ string
		if a.NestedType == nil {
			typ = typeText(a.Type)
		} else {
			typ = strings.ToLower(a.NestedType.Nesting.String()) + " of objects"
			s.addAttributes(name, a.NestedType.Attributes)
		}
		s[name] = keep(typ, "required", a.Required, "optional", a.Optional, "computed", a.Computed, "sensitive", a.Sensitive,
			"write-only", a.WriteOnly, "deprecated", a.Deprecated)
	}
}

// keep returns a type with those of the facts that are true.
func keep(typ string, factsAndTruth ...any) []string {
	facts := []string{typ}
	for pair := range slices.Chunk(factsAndTruth, 2) {
		if pair[1] == true {
			facts = append(facts, fmt.Sprint(pair[0]))
		}
	}
	return facts
}

// addPlans adds what plans show of a resource's attributes: the default, whether another value replaces the resource, and
// whether a computed value is known in the plan of an update.
func (s subjects) addPlans(t *testing.T, gitlab *testbed, server tfprotov6.ProviderServer, name string, schema *tfprotov6.Schema) {
	t.Helper()
	typ := schema.ValueType()
	prior := importAndRead(t, server, name, schema, gitlab.importID(name))
	if prior == nil {
		t.Fatalf("%s is not imported", name)
	}
	plan := func(before, config map[string]tftypes.Value) (map[string]tftypes.Value, bool) {
		proposed := maps.Clone(config)
		if before != nil {
			proposed = maps.Clone(before)
			for attribute, value := range config {
				if !value.IsNull() {
					proposed[attribute] = value
				}
			}
		}
		resp, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
			TypeName: name, PriorState: dynamic(t, typ, before), ProposedNewState: dynamic(t, typ, proposed), Config: dynamic(t, typ, config),
		})
		noErrors(t, err, resp.Diagnostics)
		return attributesOf(t, typ, resp.PlannedState), len(resp.RequiresReplace) > 0
	}
	required := map[string]tftypes.Value{}
	for attribute, value := range prior {
		required[attribute] = tftypes.NewValue(value.Type(), nil)
	}
	for _, a := range schema.Block.Attributes {
		if a.Required {
			required[a.Name] = argumentChanges[a.Name][0]
		}
	}
	created, _ := plan(nil, required)
	known := maps.Clone(prior)
	for _, a := range schema.Block.Attributes {
		subject := "resource " + name + "." + a.Name
		if value := created[a.Name]; a.Optional && value.IsKnown() && !value.IsNull() {
			s[subject] = append(s[subject], "default "+valueText(value))
		}
		if !a.Required && !a.Optional {
			continue
		}
		change, ok := argumentChanges[a.Name]
		if !ok {
			t.Fatalf("argumentChanges has no values of %s", a.Name)
		}
		before, config := maps.Clone(prior), maps.Clone(required)
		before[a.Name], config[a.Name] = change[0], change[1]
		planned, replaces := plan(before, config)
		if replaces {
			s[subject] = append(s[subject], "replaces")
			continue
		}
		maps.DeleteFunc(known, func(attribute string, _ tftypes.Value) bool { return !planned[attribute].IsFullyKnown() })
	}
	for _, a := range schema.Block.Attributes {
		if _, ok := known[a.Name]; ok && a.Computed {
			s["resource "+name+"."+a.Name] = append(s["resource "+name+"."+a.Name], "kept in updates")
		}
	}
}

// importID is an ID that a resource is imported by.
func (b *testbed) importID(name string) string {
	forms := importForms(b)[name]
	return forms[slices.Min(slices.Collect(maps.Keys(forms)))]
}

// importAndRead returns the attributes of an imported resource, or nil if the provider refuses the ID.
func importAndRead(t *testing.T, server tfprotov6.ProviderServer, name string, schema *tfprotov6.Schema, id string) map[string]tftypes.Value {
	t.Helper()
	imported, err := server.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: name, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	if len(imported.ImportedResources) == 0 {
		return nil
	}
	resource := imported.ImportedResources[0]
	read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{
		TypeName: name, CurrentState: resource.State, Private: resource.Private, CurrentIdentity: resource.Identity,
	})
	noErrors(t, err, read.Diagnostics)
	return attributesOf(t, schema.ValueType(), read.NewState)
}

func dynamic(t *testing.T, typ tftypes.Type, attributes map[string]tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	value := tftypes.NewValue(typ, nil)
	if attributes != nil {
		value = tftypes.NewValue(typ, attributes)
	}
	dynamic, err := tfprotov6.NewDynamicValue(typ, value)
	if err != nil {
		t.Fatal(err)
	}
	return &dynamic
}

func attributesOf(t *testing.T, typ tftypes.Type, dynamic *tfprotov6.DynamicValue) map[string]tftypes.Value {
	t.Helper()
	value, err := dynamic.Unmarshal(typ)
	if err != nil {
		t.Fatal(err)
	}
	var attributes map[string]tftypes.Value
	if err := value.As(&attributes); err != nil {
		t.Fatal(err)
	}
	return attributes
}

// environmentRead lists the environment variables that the provider reads when its block is empty.
func environmentRead(t *testing.T, gitlab *testbed) []string {
	t.Helper()
	names := map[string]bool{}
	server, err := gitlab.newProvider(func(name string) string { names[name] = true; return "" })
	if err != nil {
		t.Fatal(err)
	}
	served := schemaOf(t, server)
	typ := served.Provider.ValueType()
	arguments := map[string]tftypes.Value{}
	for _, a := range served.Provider.Block.Attributes {
		arguments[a.Name] = tftypes.NewValue(a.Type, nil)
	}
	resp, err := server.ConfigureProvider(context.WithoutCancel(t.Context()), &tfprotov6.ConfigureProviderRequest{Config: dynamic(t, typ, arguments)})
	noErrors(t, err, resp.Diagnostics)
	return slices.Sorted(maps.Keys(names))
}

func typeText(typ tftypes.Type) string { return strings.ReplaceAll(typ.String(), "tftypes.", "") }

// valueText is a value without its type.
func valueText(value tftypes.Value) string {
	text := value.String()
	return text[strings.Index(text, "<")+1 : len(text)-1]
}
