"""Results as JSON documents: their types, their values, and the schemas that follow from the types."""
