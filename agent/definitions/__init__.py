"""Understanding agent definition files: frontmatter, sections, limits in words, policy."""
