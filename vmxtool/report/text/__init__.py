"""Results for a person at a terminal, one module for each result."""
