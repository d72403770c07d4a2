package gitlabsim

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// dsnPath is the path of every DSN, before the project ID.
const dsnPath = "/errortracking/api/v1/projects"

// Event is one envelope that a Sentry SDK sent to the collector.
type Event struct {
	ProjectID int64 `json:"project_id"`
	// PublicKey is the client key the envelope came with.
	PublicKey string `json:"public_key"`
	// EventID is the event_id of the envelope's header, if any.
	EventID string `json:"event_id"`
	// Message is the message of the first item that has one, or the text of its first exception.
	Message string `json:"message"`
	// Envelope is the whole envelope as text, after decompression.
	Envelope string `json:"envelope"`
}

// answerOutsideAPI answers the paths that are neither below /api/v4 nor control requests: the collector, and GitLab's page
// for all others.
func (i *instance) answerOutsideAPI(r *http.Request, body []byte) answer {
	path := r.URL.EscapedPath()
	id, isEnvelope := strings.CutPrefix(path, dsnPath+"/api/")
	if isEnvelope {
		id, isEnvelope = strings.CutSuffix(strings.TrimSuffix(id, "/"), "/envelope")
	}
	if isEnvelope && r.Method == http.MethodPost {
		return i.collect(id, r, body)
	}
	return textAnswer(http.StatusNotFound, "text/html; charset=utf-8",
		"<!DOCTYPE html>\n<html>\n<head><title>Not Found</title></head>\n<body><h1>404: Page not found</h1></body>\n</html>\n")
}

// collect takes an envelope for a project in, if it comes with an active client key of the project.
func (i *instance) collect(id string, r *http.Request, body []byte) answer {
	var p *project
	if integerID.MatchString(id) {
		p, _ = i.lookUp(id)
	}
	key := sentryKey(r)
	if p == nil || !slices.ContainsFunc(p.keys, func(k ClientKey) bool { return k.PublicKey == key && !k.Inactive }) {
		return answer{status: http.StatusNotFound}
	}
	envelope, err := decompress(r.Header.Get("Content-Encoding"), body)
	if err != nil {
		return answer{status: http.StatusBadRequest}
	}
	event, err := readEnvelope(envelope)
	if err != nil {
		return answer{status: http.StatusBadRequest}
	}
	event.ProjectID, event.PublicKey = p.id, key
	i.events = append(i.events, event)
	return answer{status: http.StatusOK}
}

// sentryKey returns the public key of a request to the collector, from its query or from X-Sentry-Auth, which reads
// "Sentry sentry_version=7, sentry_key=KEY".
func sentryKey(r *http.Request) string {
	if key := r.URL.Query().Get("sentry_key"); key != "" {
		return key
	}
	pairs, _ := strings.CutPrefix(r.Header.Get("X-Sentry-Auth"), "Sentry ")
	for pair := range strings.SplitSeq(pairs, ",") {
		if key, ok := strings.CutPrefix(strings.TrimSpace(pair), "sentry_key="); ok {
			return key
		}
	}
	return ""
}

// decompress undoes a Content-Encoding: gzip, deflate (the zlib format, as HTTP defines it) or none.
func decompress(encoding string, body []byte) ([]byte, error) {
	var reader io.Reader
	var err error
	switch strings.ToLower(encoding) {
	case "", "identity":
		return body, nil
	case "gzip":
		reader, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		reader, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return nil, fmt.Errorf("unknown content encoding %q", encoding)
	}
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(reader, maxBody+1))
	if err == nil && len(text) > maxBody {
		err = errors.New("the envelope is too large")
	}
	return text, err
}

// readEnvelope reads an envelope as Sentry's documentation defines it: a line of JSON for the envelope, then for each item
// a line of JSON and a payload, which has the length that line gives or else ends at the next newline.
func readEnvelope(envelope []byte) (Event, error) {
	var header struct {
		EventID string `json:"event_id"`
	}
	line, rest, _ := bytes.Cut(envelope, []byte("\n"))
	if err := json.Unmarshal(line, &header); err != nil {
		return Event{}, err
	}
	event := Event{EventID: header.EventID, Envelope: string(envelope)}
	for len(rest) > 0 && event.Message == "" {
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if len(line) == 0 {
			continue
		}
		var item struct {
			Length *int `json:"length"`
		}
		if err := json.Unmarshal(line, &item); err != nil {
			return Event{}, err
		}
		var payload []byte
		if item.Length == nil {
			payload, rest, _ = bytes.Cut(rest, []byte("\n"))
		} else {
			if *item.Length < 0 || *item.Length > len(rest) {
				return Event{}, fmt.Errorf("an item of %d bytes does not fit", *item.Length)
			}
			payload, rest = rest[:*item.Length], rest[*item.Length:]
		}
		event.Message = itemMessage(payload)
	}
	return event, nil
}

// itemMessage returns the message of an item, which SDKs write as message, as logentry, or as the value of an exception.
// Items without one have an empty message.
func itemMessage(payload []byte) string {
	var item struct {
		Message  string `json:"message"`
		LogEntry struct {
			Formatted string `json:"formatted"`
			Message   string `json:"message"`
		} `json:"logentry"`
		Exception json.RawMessage `json:"exception"`
	}
	if json.Unmarshal(payload, &item) != nil {
		return ""
	}
	return cmp.Or(item.Message, item.LogEntry.Formatted, item.LogEntry.Message, exceptionText(item.Exception))
}

// exceptionText returns the first value of the exceptions of an item, which come as a list or as a list named values.
func exceptionText(raw json.RawMessage) string {
	type exception struct {
		Value string `json:"value"`
	}
	var list []exception
	if json.Unmarshal(raw, &list) != nil {
		var named struct {
			Values []exception `json:"values"`
		}
		if json.Unmarshal(raw, &named) != nil {
			return ""
		}
		list = named.Values
	}
	for _, e := range list {
		if e.Value != "" {
			return e.Value
		}
	}
	return ""
}
