package pages

import "strings"

// Escape makes text safe inside an element or a quoted attribute.
func Escape(text string) string {
	replacer := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")
	return replacer.Replace(text)
}

// slug is a name as an anchor: lower case letters and digits, anything else one dash.
func slug(name string) string {
	var anchor strings.Builder
	pending := false
	for _, letter := range strings.ToLower(name) {
		if letter < '0' || letter > '9' && letter < 'a' || letter > 'z' {
			pending = true
			continue
		}
		if pending && anchor.Len() > 0 {
			anchor.WriteByte('-')
		}
		pending = false
		anchor.WriteRune(letter)
	}
	return anchor.String()
}
