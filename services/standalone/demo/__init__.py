"""The demo: the main job on real messages, each step shown and checked."""
