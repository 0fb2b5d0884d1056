"""Access tokens, and the viewer that a token belongs to."""
