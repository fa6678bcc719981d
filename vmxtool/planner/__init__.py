"""From a VM and a target to a verdict, ordered steps and routes."""
