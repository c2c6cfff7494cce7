// Package pages shows customers' contacts as a page of HTML.
package pages

import (
	"strconv"
	"strings"
)

// Contact is one row of the page.
type Contact struct {
	Name  string
	Email string
	City  string
	Note  string
	Calls int
}

// Page is the whole document.
func Page(title string, contacts []Contact) string {
	var page strings.Builder
	page.WriteString("<!doctype html>\n<title>" + Escape(title) + "</title>\n<table>\n")
	for _, contact := range contacts {
		writeRow(&page, contact)
	}
	page.WriteString("</table>\n<p>" + strconv.Itoa(len(contacts)) + " contacts</p>\n")
	return page.String()
}

func writeRow(page *strings.Builder, contact Contact) {
	page.WriteString("<tr id=\"" + slug(contact.Name) + "\">")
	for _, cell := range []string{contact.Name, contact.Email, contact.City, contact.Note} {
		page.WriteString("<td>")
		page.WriteString(Escape(cell))
		page.WriteString("</td>")
	}
	page.WriteString("<td>" + strconv.Itoa(contact.Calls) + "</td></tr>\n")
}
