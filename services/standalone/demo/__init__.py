"""The demo: the main job on real messages, each hop shown and checked."""
