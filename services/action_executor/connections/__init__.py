"""Connections: credentials towards applications outside, encrypted at rest, opened for the step that names one."""
