"""Automations: a trigger and the steps that run when it fires."""
