"""The rooms of a flame graph: the tree of merged stacks, its layout, its words and colours, the document."""
