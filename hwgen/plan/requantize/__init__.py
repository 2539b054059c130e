"""From a sum to its code: staircases, decision diagrams, exact multiplications."""
