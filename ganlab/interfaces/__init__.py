"""What a plugin author implements: one abstract class per file."""
