// refused: is a parameter
package fixture

func hot(text string, words []string) string {
	for _, word := range words {
		text += word
	}
	return text
}

func Result() string { return hot("x", []string{"a", "b"}) }
