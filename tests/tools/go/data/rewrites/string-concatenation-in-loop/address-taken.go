// refused: the address of text is taken
package fixture

func hot(words []string) string {
	text := ""
	also := &text
	for _, word := range words {
		text += word
		*also += "!"
	}
	return text
}

func Result() string { return hot([]string{"a", "b"}) }
