"""From a VM and a goal to plans: the few ways there are, played over a small state, cured, and judged at the end."""
