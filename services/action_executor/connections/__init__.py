"""Connections: credentials towards applications outside, sealed at rest, opened for the step that names one."""
