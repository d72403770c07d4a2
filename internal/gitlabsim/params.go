package gitlabsim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// params are the parameters of a call: those of the query, overwritten by those of the body. A value is nil or a string,
// bool, json.Number, []any or map[string]any.
type params map[string]any

// readParams reads query and body as Grape does: JSON, URL-encoded and multipart bodies, JSON where no content type is
// given. Bodies of GET and HEAD do not count. Refusals come before the token is looked at, since Grape reads the body
// before any of GitLab's code runs.
func (i *instance) readParams(c *call, _ route) *answer {
	c.params = params{}
	c.params.add(c.query)
	if len(c.body) == 0 || c.method == http.MethodGet || c.method == http.MethodHead {
		return nil
	}
	contentType := c.header.Get("Content-Type")
	mediaType, details, _ := mime.ParseMediaType(contentType)
	switch mediaType {
	case "", "application/json":
		return c.params.addJSON(c.body)
	case "application/x-www-form-urlencoded":
		// What is well-formed is kept even when the rest is not.
		values, _ := url.ParseQuery(string(c.body))
		c.params.add(values)
		return nil
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(c.body), details["boundary"]).ReadForm(maxBody)
		if err != nil {
			return refuse(parameterError(http.StatusBadRequest, "the multipart body is invalid"))
		}
		c.params.add(form.Value)
		return nil
	}
	return refuse(parameterError(http.StatusUnsupportedMediaType,
		fmt.Sprintf("The provided content-type '%s' is not supported.", mediaType)))
}

// add adds texts. Of several values of one name the last counts.
func (p params) add(values url.Values) {
	for name, texts := range values {
		p[name] = texts[len(texts)-1]
	}
}

// addJSON adds the members of a JSON object. Other JSON holds no parameters.
func (p params) addJSON(body []byte) *answer {
	if !json.Valid(body) { // nor may text follow the JSON
		return refuse(parameterError(http.StatusBadRequest, "message body does not match declared format"))
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	_ = decoder.Decode(&value) // valid JSON fits into any
	members, _ := value.(map[string]any)
	for name, value := range members {
		p[name] = value
	}
	return nil
}

// text returns a parameter that came as a text, else an empty text.
func (p params) text(name string) string {
	text, _ := p[name].(string)
	return text
}

// The texts Grape takes for a Boolean are those of dry-types' params.bool.
var (
	trueTexts  = strings.Fields("1 on On ON t true True TRUE T y yes Yes YES Y")
	falseTexts = strings.Fields("0 off Off OFF f false False FALSE F n no No NO N")
)

// flag reads a parameter of the type Boolean. Nil stands for absent, null and empty. A value that is not a Boolean is a
// problem, in Grape's words.
func (p params) flag(name string) (value *bool, problem string) {
	var text string
	switch v := p[name].(type) {
	case nil:
		return nil, ""
	case bool:
		return &v, ""
	case string:
		text = v
	case json.Number:
		text = v.String()
	default:
		return nil, name + " is invalid"
	}
	switch {
	case text == "":
		return nil, ""
	case slices.Contains(trueTexts, text):
		return new(true), ""
	case slices.Contains(falseTexts, text):
		return new(false), ""
	}
	return nil, name + " is invalid"
}

// leadingInteger reads a text as Ruby's to_i does: the whole number it begins with, 0 when it begins with none. Numbers
// beyond nine digits come out as a billion, which is more than anything here counts to.
func leadingInteger(text string) int {
	text = strings.TrimLeft(text, " \t\n")
	sign := 1
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		sign, text = -1, rest
	} else {
		text = strings.TrimPrefix(text, "+")
	}
	number := 0
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			break
		}
		number = min(number*10+int(digit-'0'), 1_000_000_000)
	}
	return sign * number
}
