package provider

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// startsPerOp is how often each program is started for one figure, which is the median.
const startsPerOp = 21

// BenchmarkStartup starts the built provider and the empty one as an engine does, and asks for their schemas. It reports
// for each, and as the provider's in times of the empty one's,
//
//   - sec/op: the time from the start of the process to the whole answer;
//   - peak-MB: the most memory the process had until then, where the system shows it in /proc;
//   - binary-MB: the size of the program.
func BenchmarkStartup(b *testing.B) {
	gitlab, empty := filepath.Join(b.TempDir(), "gitlab"), filepath.Join(b.TempDir(), "empty")
	buildProgram(b, releaseProvider, gitlab)
	buildProgram(b, emptyProvider, empty)
	measured := map[string]*struct{ ours, floor []float64 }{}
	add := func(unit string, ours, floor float64) {
		if measured[unit] == nil {
			measured[unit] = &struct{ ours, floor []float64 }{}
		}
		measured[unit].ours = append(measured[unit].ours, ours)
		measured[unit].floor = append(measured[unit].floor, floor)
	}
	add("binary-MB", fileSize(b, gitlab), fileSize(b, empty))
	for b.Loop() {
		for range startsPerOp {
			ourTime, ourPeak := startProgram(b, gitlab)
			floorTime, floorPeak := startProgram(b, empty)
			add("sec/op", ourTime.Seconds(), floorTime.Seconds())
			if ourPeak > 0 && floorPeak > 0 {
				add("peak-MB", ourPeak, floorPeak)
			}
		}
	}
	b.ReportMetric(0, "ns/op") // it counts both
	for unit, m := range measured {
		name, _, _ := strings.Cut(unit, "/")
		b.ReportMetric(median(m.ours), unit)
		b.ReportMetric(median(m.floor), "empty-"+unit)
		b.ReportMetric(median(m.ours)/median(m.floor), "x-empty-"+name)
	}
}

// startProgram starts a provider, asks for its schema and ends it. It returns how long the answer took and the peak of
// the memory in MB, 0 where the system does not tell it.
func startProgram(b *testing.B, program string) (took time.Duration, peak float64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), program)
	// The handshake of https://github.com/hashicorp/go-plugin: the cookie, then a line on standard output that says
	// CORE-VERSION|PROTOCOL-VERSION|NETWORK|ADDRESS|PROTOCOL.
	cmd.Env = append(os.Environ(), "PLUGIN_PROTOCOL_VERSIONS=6", "TMPDIR="+filepath.Dir(program),
		"TF_PLUGIN_MAGIC_COOKIE=d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("%s said %q: %v", program, line, err)
	}
	hello := strings.Split(line, "|")
	if len(hello) < 5 || hello[2] != "unix" {
		b.Fatalf("%s said %q", program, line)
	}
	connection, err := grpc.NewClient("unix:"+hello[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	// The request has no fields, and those of the answer are kept unread.
	var answer emptypb.Empty
	if err := connection.Invoke(b.Context(), "/tfplugin6.Provider/GetProviderSchema", &emptypb.Empty{}, &answer); err != nil {
		b.Fatal(err)
	}
	took = time.Since(start)
	if len(answer.ProtoReflect().GetUnknown()) == 0 {
		b.Fatalf("%s has no schema", program)
	}
	return took, peakMemory(cmd.Process.Pid)
}

// peakMemory returns the most memory that a process had, in MB, or 0 where there is no /proc. The usage that a parent
// gets of an ended process is of no use here, since it counts the memory that the parent had when it forked.
func peakMemory(pid int) float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kB float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kB); n == 1 {
			return kB / 1000
		}
	}
	return 0
}

func fileSize(b *testing.B, name string) float64 {
	b.Helper()
	info, err := os.Stat(name)
	if err != nil {
		b.Fatal(err)
	}
	return float64(info.Size()) / 1e6
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
