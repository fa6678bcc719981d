"""Findings, machines and plans, told to people and to programs."""
