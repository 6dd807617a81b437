"""Recipe + plugins -> a run. Everything that can be checked is checked here, before the first step."""
