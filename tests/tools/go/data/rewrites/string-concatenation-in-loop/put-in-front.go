// refused: assigned in another way
package fixture

func hot(words []string) string {
	text := ""
	for _, word := range words {
		text = word + text
	}
	return text
}

func Result() string { return hot([]string{"a", "b"}) }
