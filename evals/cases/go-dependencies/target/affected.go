package dependencies

// Affected lists the changed packages and all that import them, directly or not, nearest first.
func (g *Graph) Affected(changed []string) []string {
	var affected []string
	level := changed
	for len(level) > 0 {
		var next []string
		for _, name := range level {
			if !includes(affected, name) {
				affected = append(affected, name)
				next = append(next, g.importers[name]...)
			}
		}
		level = next
	}
	return affected
}

func includes(names []string, wanted string) bool {
	for _, name := range names {
		if name == wanted {
			return true
		}
	}
	return false
}
