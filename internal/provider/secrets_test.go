package provider

import (
	"archive/zip"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// gate is the value of a custom header, which is as secret as the token.
const gate = "gate-of-the-proxy"

// secrets are texts that may be seen nowhere.
type secrets []string

// notIn checks an output.
func (s secrets) notIn(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range s {
		if strings.Contains(text, secret) {
			t.Errorf("%s has the secret %q", where, secret)
		}
	}
}

// notInFolder checks each file of a folder, and each file in an archive, as which an engine saves a plan. It returns
// what the files have, by their names relative to the folder.
func (s secrets) notInFolder(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files[name] = string(text)
		s.notIn(t, name, files[name])
		return s.notInArchive(t, name, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func (s secrets) notInArchive(t *testing.T, name string, content []byte) error {
	t.Helper()
	if !bytes.HasPrefix(content, []byte("PK")) {
		return nil
	}
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return err
	}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			return err
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		s.notIn(t, name+"/"+file.Name, string(text))
	}
	return nil
}
