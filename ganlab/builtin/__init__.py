"""What comes with ganlab: ordinary plugins, found through the same entry points as anyone else's."""
