"""What each kind of event does to the state of its task. ``journal.projection`` puts them together."""
